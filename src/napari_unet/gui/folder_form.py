"""Predicting a folder: which files, where to, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_unet.batch.events import FileFailed
from napari_unet.batch.tasks import WriteAs
from napari_unet.gui.keyed_combo import KeyedCombo
from napari_unet.gui.labelled_row import quiet_label
from napari_unet.gui.path_field import LABEL_WIDTH, PathField
from napari_unet.gui.progress_bar import thin_progress_bar
from napari_unet.gui.style import set_role

FolderState = Literal["empty", "ready", "running", "stopping", "blocked"]

_BUTTON: dict[FolderState, tuple[str, bool]] = {
    "empty": ("Start", False),
    "ready": ("Start", True),
    "running": ("Stop", True),
    "stopping": ("Stopping\u2026", False),
    "blocked": ("Start", False),
}
_KINDS: tuple[tuple[WriteAs, str], ...] = (
    ("image", "like images"),
    ("ome-tiff", "OME-TIFF"),
    ("ome-zarr", "OME-Zarr"),
)
_LIST_HEIGHT = 84


@dataclass(frozen=True)
class FolderChoice:
    """What to predict and where to.

    Parameters
    ----------
    folder : Path or None
    files : tuple of Path
        Instead of a folder.
    pattern : str
        Which names in the folder.
    output : Path or None
    write_as : {"image", "ome-tiff", "ome-zarr"}
    """

    folder: Path | None = None
    files: tuple[Path, ...] = ()
    pattern: str = ""
    output: Path | None = None
    write_as: WriteAs = "image"


class FolderForm(QWidget):
    """Asks for images and an output folder, and shows how far it is and what failed."""

    valueChanged = Signal(object)
    """Emitted with a `FolderChoice`."""
    start_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: FolderState = "empty"
        self._failed: tuple[FileFailed, ...] = ()
        self._suggested: tuple[Path, ...] = ()
        self.images = PathField("Images", "folder or files", several=True, parent=self)
        self.images.setToolTip("A folder of images, or some files.")
        self._pattern = QLineEdit(self)
        self._pattern.setPlaceholderText("all images")
        self._pattern.setAccessibleName("Names")
        self._pattern.setToolTip(
            "Take only files with such names, for example *_red.tif;\n"
            "**/*.tif looks into the folders inside, too."
        )
        self._kind = KeyedCombo("like images", self)
        self._kind.setAccessibleName("Write as")
        self._kind.set_items(list(_KINDS))
        self._kind.setToolTip("Format of the masks. OME-Zarr has room for images of any size.")
        self.output = PathField("Into", "folder for the masks", several=False, parent=self)
        self.output.setToolTip("The folder the masks go to. No file of yours is overwritten.")
        self.button = QPushButton(self)
        self.button.setObjectName("folder_button")
        self._bar = thin_progress_bar(self, "Progress of the folder")
        self._words = QElidingLabel("", self)
        self._failures = QListWidget(self)
        self._failures.setAccessibleName("What failed")
        self._failures.setMaximumHeight(_LIST_HEIGHT)
        self._failures.setWordWrap(True)
        self._failures.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        set_role(self._failures, "checklist")
        self.setLayout(self._arranged())
        self._connect()
        self.set_failures(())
        self.set_state("empty", "Choose a folder of images first.")

    def value(self) -> FolderChoice:
        """What is chosen."""
        paths = self.images.paths()
        folder = paths[0] if len(paths) == 1 and not paths[0].is_file() else None
        output = self.output.paths()
        kind: WriteAs = next((kind for kind, _ in _KINDS if kind == self._kind.key()), "image")
        return FolderChoice(
            folder,
            () if folder is not None else paths,
            self._pattern.text().strip() if folder is not None else "",
            output[0] if output else None,
            kind,
        )

    def setValue(self, choice: FolderChoice) -> None:
        """Choose."""
        self.images.set_paths((choice.folder,) if choice.folder else choice.files)
        self._pattern.setText(choice.pattern)
        self._kind.set_key(choice.write_as)
        self.output.set_paths((choice.output,) if choice.output else ())

    def state(self) -> FolderState:
        """What the form shows."""
        return self._state

    def set_state(self, state: FolderState, reason: str = "") -> None:
        """Look like this state; `reason` tells on hovering why the button is off."""
        self._state = state
        text, enabled = _BUTTON[state]
        running = state in ("running", "stopping")
        self.button.setText(text)
        self.button.setEnabled(enabled)
        self.button.setAccessibleName(f"{text} predicting the folder")
        self.button.setToolTip(
            reason
            or (
                "Stop; what is finished stays, and Start goes on from there."
                if running
                else "Predict every image with the current model. What is done is skipped."
            )
        )
        self._bar.setVisible(running)
        if not running:
            self._words.setText(reason)
            self._words.setToolTip(reason)

    def set_progress(self, done: int, of: int, words: str) -> None:
        """Show how much is done of how much, and at which image it is."""
        self._bar.setRange(0, max(of, 0))
        self._bar.setValue(done)
        self._words.setText(words)
        self._words.setToolTip(words)

    def set_failures(self, failed: Sequence[FileFailed]) -> None:
        """List what failed, each with the reason in words."""
        self._failed = tuple(failed)
        self._failures.clear()
        for one in self._failed:
            item = QListWidgetItem(f"{one.image.name}: {one.error}")
            item.setToolTip(f"{one.image}\n{one.error}")
            self._failures.addItem(item)
        self._failures.setVisible(bool(self._failed))

    def failures(self) -> list[str]:
        """What is listed."""
        return [self._failures.item(i).text() for i in range(self._failures.count())]

    def _arranged(self) -> QVBoxLayout:
        set_role(self._words, "quiet")
        names, start = QHBoxLayout(), QHBoxLayout()
        for line in (names, start):
            line.setSpacing(6)
        label = quiet_label("Names", self._pattern)
        label.setMinimumWidth(LABEL_WIDTH)
        names.addWidget(label)
        names.addWidget(self._pattern, 4)
        names.addWidget(self._kind, 5)
        start.addWidget(self.button)
        start.addWidget(self._words, 1)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.images)
        layout.addLayout(names)
        layout.addWidget(self.output)
        layout.addLayout(start)
        layout.addWidget(self._bar)
        layout.addWidget(self._failures)
        return layout

    def _connect(self) -> None:
        self.images.changed.connect(self._on_images)
        self.output.changed.connect(self._announce)
        self._pattern.textChanged.connect(self._announce)
        self._kind.chosen.connect(self._announce)
        self.button.clicked.connect(self._on_button)

    def _on_images(self) -> None:
        """Say where masks go by default: a folder beside that of the images."""
        paths = self.images.paths()
        self._pattern.setEnabled(not any(path.is_file() for path in paths[:1]))
        if paths and self.output.paths() in {(), self._suggested}:
            beside = paths[0].parent if paths[0].is_file() else paths[0]
            if beside.name:
                self._suggested = (beside.with_name(f"{beside.name}_masks"),)
                self.output.set_paths(self._suggested)
        self._announce()

    def _announce(self, _: object = None) -> None:
        self.valueChanged.emit(self.value())

    def _on_button(self) -> None:
        if self._state in ("running", "stopping"):
            self.stop_requested.emit()
        else:
            self.start_requested.emit()
