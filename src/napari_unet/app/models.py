"""The models on disk: listed without torch, saved and loaded on a worker, never lost silently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from napari_unet.app.engine import engine
from napari_unet.core.card import read_card
from napari_unet.core.errors import UNetError

SUFFIX = ".safetensors"
LAST = "Last trained"
BEFORE_LAST = "Trained before"
"""Names of the files that hold what the last two trainings gave."""


@dataclass(frozen=True)
class ModelEntry:
    """One model file.

    Parameters
    ----------
    name : str
        Its file name without suffix.
    path : Path
    card : mapping, optional
        What the file says about the model; empty if it cannot be read.
    problem : str, optional
        Why it cannot be used; empty if it can.
    """

    name: str
    path: Path
    card: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def default_folder() -> Path:
    """Where this user's models live."""
    return Path(platformdirs.user_data_dir("napari-unet-paint", appauthor=False)) / "models"


class ModelLibrary:
    """A folder of model files.

    Parameters
    ----------
    folder : Path, optional
        The user's own, if not given. Made when the first model is saved.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def entries(self) -> list[ModelEntry]:
        """Every model file in the folder, newest first; a damaged one carries its problem.

        It reads the head of each file only.
        """
        if not self.folder.is_dir():
            return []
        files = [path for path in self.folder.glob(f"*{SUFFIX}") if path.is_file()]
        files.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        return [self.entry(path) for path in files]

    def entry(self, path: Path) -> ModelEntry:
        """What one file holds."""
        try:
            card = read_card(path)
        except UNetError as err:
            return ModelEntry(path.stem, path, problem=str(err))
        return ModelEntry(path.stem, path, card)

    def path_for(self, name: str) -> Path:
        """The file a model of this name goes to; characters no file system likes are replaced."""
        plain = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name).strip(" .") or "model"
        return self.folder / f"{plain}{SUFFIX}"

    def free_path(self, name: str) -> Path:
        """As `path_for`, with a number behind the name if a file stands there already."""
        path, number = self.path_for(name), 2
        while path.exists():
            path, number = self.path_for(f"{name} {number}"), number + 1
        return path

    def save(self, model: Any, path: Path, *, overwrite: bool = False) -> Path:
        """Write a model to a file and return the file.

        Parameters
        ----------
        model : napari_unet.learn.model.Model
        path : Path
            The suffix is added if it is missing.
        overwrite : bool, optional
            The user agreed to replace the file.

        Raises
        ------
        OutputExists
            If a file stands there and `overwrite` is False.
        """
        path = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)
        path.parent.mkdir(parents=True, exist_ok=True)
        model.save(path, overwrite=overwrite)
        return path

    def keep_last(self, model: Any) -> Path:
        """Write what training gave to the file `LAST`; what stood there becomes `BEFORE_LAST`."""
        last = self.path_for(LAST)
        if last.exists():
            last.replace(self.path_for(BEFORE_LAST))
        return self.save(model, last, overwrite=True)

    def load(self, path: Path) -> Any:
        """Read a model; loads torch, so call it on a worker.

        Raises
        ------
        ModelFileError
            If the file is damaged, foreign, or newer than this program.
        """
        return engine("checkpoint").load_model(path)
