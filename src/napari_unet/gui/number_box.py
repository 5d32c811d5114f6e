"""A box for a whole number, as narrow as its row lets it be."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy, QSpinBox, QWidget

from napari_unet.gui.keyed_combo import only_when_focused
from napari_unet.gui.style import set_role


def number_box(parent: QWidget, name: str, tip: str) -> QSpinBox:
    """A box without arrows that tells a number when it is typed to its end.

    Parameters
    ----------
    parent : QWidget
    name : str
        For those who cannot see it.
    tip : str
        Said on hovering.
    """
    box = QSpinBox(parent)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setKeyboardTracking(False)
    box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    set_role(box, "plain")
    only_when_focused(box)
    return box
