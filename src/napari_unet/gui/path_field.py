"""A line for a folder or some files: typed, or chosen in the system's dialog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from napari_unet.gui.labelled_row import quiet_label
from napari_unet.gui.style import set_role

LABEL_WIDTH = 56
"""Wide enough for every label beside such a field, so that the lines begin together."""


class PathField(QWidget):
    """A folder, or files where `several` are allowed.

    Parameters
    ----------
    title : str
        Stands before the line.
    hint : str
        Stands in the line while it is empty.
    several : bool
        Whether files can be chosen instead of a folder.
    """

    changed = Signal()

    def __init__(
        self, title: str, hint: str, *, several: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._title = title
        self._files: tuple[Path, ...] = ()
        self._line = QLineEdit(self)
        self._line.setPlaceholderText(hint)
        self._line.setAccessibleName(title)
        self._button = QToolButton(self)
        self._button.setText("Choose")
        self._button.setAccessibleName(f"Choose {hint}")
        set_role(self._button, "button")
        label = quiet_label(title, self._line)
        label.setMinimumWidth(LABEL_WIDTH)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(label)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._button)
        self._line.textChanged.connect(self._on_text)
        if several:
            menu = QMenu(self)
            menu.addAction("Folder\u2026", self._choose_folder)
            menu.addAction("Files\u2026", self._choose_files)
            self._button.setMenu(menu)
            self._button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        else:
            self._button.clicked.connect(self._choose_folder)

    def paths(self) -> tuple[Path, ...]:
        """The folder, or the files; empty while nothing is chosen."""
        if self._files:
            return self._files
        text = self._line.text().strip()
        return (Path(text).expanduser(),) if text else ()

    def set_paths(self, paths: Sequence[Path]) -> None:
        """Choose a folder or files."""
        if tuple(paths) == self.paths():
            return
        several = len(paths) > 1
        text = f"{len(paths)} files in {paths[0].parent}" if several else "".join(map(str, paths))
        with QSignalBlocker(self._line):
            self._line.setText(text)
        self._files = tuple(paths) if several else ()
        self._line.setToolTip("\n".join(map(str, paths[:20])))
        self._line.setCursorPosition(len(text))
        self.changed.emit()

    def setToolTip(self, text: str) -> None:
        """Explain the line on hovering."""
        super().setToolTip(text)
        self._button.setToolTip(text)

    def _on_text(self, _: str) -> None:
        """What is typed counts instead of files that were chosen."""
        self._files = ()
        self.changed.emit()

    def _here(self) -> str:
        chosen = self.paths()
        return str(chosen[0]) if chosen else ""

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self._title, self._here())
        if folder:
            self.set_paths((Path(folder),))

    def _choose_files(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(self, self._title, self._here())
        if files:
            self.set_paths(tuple(Path(file) for file in files))
