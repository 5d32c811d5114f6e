"""The models of this session: which one predicts, and saving and loading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_unet.gui.keyed_combo import KeyedCombo
from napari_unet.gui.style import set_role

_SUFFIX = ".safetensors"
_FILTER = f"U-Net Paint model (*{_SUFFIX});;All files (*)"


@dataclass(frozen=True)
class ModelFacts:
    """A model as the picker shows it.

    Parameters
    ----------
    key : str
        What tells it from all others.
    name : str
    classes : tuple of str
        Names of the classes it tells apart.
    channels : int
        Channels of the images it takes.
    score : float or None
        Its score on held-out strokes, if it has one.
    saved : bool
        Whether it is in a file.
    words : str
        Anything else worth a few words, such as its pixel size.
    """

    key: str
    name: str
    classes: tuple[str, ...] = ()
    channels: int = 1
    score: float | None = None
    saved: bool = True
    words: str = ""


class ModelPicker(QWidget):
    """Chooses the model that predicts; asks to save it or to load another."""

    valueChanged = Signal(object)
    """Emitted with the key of the model, or None."""
    save_requested = Signal()
    load_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models: dict[str, ModelFacts] = {}
        self._combo = KeyedCombo("no model yet", self)
        self._combo.setAccessibleName("Model")
        self._save = self._button("Save\u2026", "save_button")
        self._load = self._button("Load\u2026", "load_button")
        self._load.setToolTip("Load a model from a file.")
        self._info = QLabel(self)
        self._info.setWordWrap(True)
        set_role(self._info, "quiet")
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._combo, 1)
        line.addWidget(self._save)
        line.addWidget(self._load)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self._info)
        self._combo.chosen.connect(self._on_chosen)
        self._save.clicked.connect(self._on_save_clicked)
        self._load.clicked.connect(self._on_load_clicked)
        self.set_enabled_save(False, "There is no model to save yet.")
        self._describe()

    def set_models(self, models: Sequence[ModelFacts]) -> None:
        """Offer these models; the choice stays if it is still among them."""
        self._models = {model.key: model for model in models}
        self._combo.set_items([(model.key, _title(model)) for model in models])
        self._describe()

    def value(self) -> str | None:
        """The key of the chosen model."""
        return self._combo.key()

    def setValue(self, key: str | None) -> None:
        """Choose the model with this key."""
        self._combo.set_key(key)

    def set_enabled_save(self, enabled: bool, reason: str = "") -> None:
        """Allow to save, or say on hovering why not."""
        self._save.setEnabled(enabled)
        self._save.setToolTip("Save this model to one file." if enabled else reason)

    def info(self) -> str:
        """What is said about the chosen model."""
        return str(self._info.text())

    def ask_save_path(self, suggestion: str) -> str | None:
        """Ask where to save; None if the user changes their mind."""
        path, _ = QFileDialog.getSaveFileName(self, "Save model", suggestion, _FILTER)
        if path and "." not in path.replace("\\", "/").rsplit("/", 1)[-1]:
            path += _SUFFIX
        return path or None

    def ask_load_path(self) -> str | None:
        """Ask for a model file; None if the user changes their mind."""
        path, _ = QFileDialog.getOpenFileName(self, "Load model", "", _FILTER)
        return path or None

    def _button(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAccessibleName(f"{text.rstrip(chr(0x2026))} model")
        return button

    def _on_save_clicked(self) -> None:
        self.save_requested.emit()

    def _on_load_clicked(self) -> None:
        self.load_requested.emit()

    def _on_chosen(self, key: object) -> None:
        self._describe()
        self.valueChanged.emit(key)

    def _describe(self) -> None:
        model = self._models.get(self.value() or "")
        self._info.setText(_sentence(model) if model else "Train or load a model to predict.")


def _title(model: ModelFacts) -> str:
    return model.name if model.saved else f"{model.name} (not saved)"


def _sentence(model: ModelFacts) -> str:
    said = [", ".join(model.classes)] if model.classes else []
    said.append("1 channel" if model.channels == 1 else f"{model.channels} channels")
    if model.score is not None:
        said.append(f"score {model.score:.2f}")
    if model.words:
        said.append(model.words)
    return " \u00b7 ".join(said)
