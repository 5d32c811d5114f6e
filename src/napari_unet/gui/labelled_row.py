"""A row of the panel: a quiet word, and beside it what is chosen; all such rows begin alike."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget

from napari_unet.gui.style import set_role

_LABEL_WIDTH = 50
"""So that controls of rows under each other stand under each other."""


def labelled_row(text: str, control: QWidget, *, tip: str = "", stretch: int = 1) -> QHBoxLayout:
    """A layout of a word and a control, which may be given more controls.

    Parameters
    ----------
    text : str
    control : QWidget
        Takes the room there is.
    tip : str, optional
        Said on hovering over the word.
    stretch : int, optional
        How much of the room the control takes, against others that are added.
    """
    label = quiet_label(text, control)
    label.setMinimumWidth(_LABEL_WIDTH)
    label.setToolTip(tip)
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    layout.addWidget(label)
    layout.addWidget(control, stretch)
    return layout


def quiet_label(text: str, control: QWidget) -> QLabel:
    """A word that belongs to a control and says the same on hovering."""
    label = QLabel(text)
    label.setBuddy(control)
    label.setToolTip(control.toolTip())
    set_role(label, "quiet")
    return label
