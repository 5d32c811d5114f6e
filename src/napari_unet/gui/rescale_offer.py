"""Offers to look at an image at the pixel size its model was trained on."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget


class RescaleOffer(QWidget):
    """One box to tick; shown only where pixel sizes differ."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QCheckBox(self)
        self._box.setObjectName("rescale_box")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self.offer("", ())

    def offer(self, sentence: str, trained: Sequence[float]) -> None:
        """Offer it, or do not.

        Parameters
        ----------
        sentence : str
            How the pixel sizes differ; empty if there is nothing to offer.
        trained : sequence of float
            Pixel size the model was trained on.
        """
        size = f"{trained[-1]:.3g}" if len(set(trained)) == 1 else _product(trained)
        self._box.setText(f"Rescale to the model's pixel size ({size})")
        self._box.setToolTip(f"{sentence} The mask comes back on the image's own pixels.".strip())
        self.setVisible(bool(sentence))

    def wanted(self) -> bool:
        """True if it is offered and ticked."""
        return self._box.isChecked() and not self.isHidden()


def _product(sizes: Sequence[float]) -> str:
    return " \u00d7 ".join(f"{size:.3g}" for size in sizes)
