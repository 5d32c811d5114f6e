"""A thin progress bar that does not have the window drawn for itself alone."""

from __future__ import annotations

from qtpy.QtWidgets import QProgressBar, QWidget

from napari_unet.gui.style import set_role

WHOLE = 1000
"""The value at which everything is done."""


class _PatientBar(QProgressBar):
    """A progress bar that is drawn with whatever else has changed.

    Qt's own is drawn the moment it gets a value, and with it the whole window where there is a
    canvas; what changed beside it, and a dab of paint, would have the window drawn once more.
    """

    def setValue(self, value: int) -> None:
        """Show how much is done, soon."""
        self.setUpdatesEnabled(False)
        super().setValue(value)
        self.setUpdatesEnabled(True)


def thin_progress_bar(parent: QWidget, name: str) -> QProgressBar:
    """A progress bar without text, a few pixels high."""
    bar = _PatientBar(parent)
    bar.setTextVisible(False)
    bar.setRange(0, WHOLE)
    bar.setAccessibleName(name)
    set_role(bar, "thin")
    return bar
