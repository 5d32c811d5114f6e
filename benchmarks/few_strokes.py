"""A simulated annotator paints four strokes per class and round, and methods are compared.

Every method sees the same first strokes; the next ones lie where its own answer is wrong. The
figure is the intersection over union of the foreground, on the unpainted pixels of the painted
image and on the next image of the data set. The reference is a random forest on
`skimage.feature.multiscale_basic_features`, with colour where there is colour.

The images are those of ``../shared/data`` (see its README); without them the benchmark says so.
Start weights that have seen a data set are no fair judge of it: only those count that their card
does not name. Where it names all, all are played, and the figures say so; what the method does on
data sets its weights have not seen is then in ``pretraining/README.md``. More with
``python -m benchmarks.few_strokes --seconds 0 10 60 --each 3 --plot docs/images/few_strokes.png``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.forests import APOC, apoc_forest
from benchmarks.report import progress
from napari_unet.api import Model, fit, predict
from napari_unet.core.config import preset
from napari_unet.learn.start_weights import NAME
from pretraining.annotator import Paint
from pretraining.evaluate import ROUNDS, Answer, Case, Method, cases, forest, play_case
from pretraining.pairs import data_sets

DATA = Path("../shared/data")
NOT_FOR_2D = ("stardist_3d",)
FOREST = "random forest"
SCRATCH = "U-Net from scratch"

Scores = dict[str, dict[str, np.ndarray]]
"""Per method and data set: rounds by (painted image, next image)."""


def run() -> dict[str, Any]:
    """Play one case of every unseen data set with the instant answer and with ten seconds."""
    names = data_sets_to_play()
    if not names:
        return {
            "name": "few_strokes", "figures": {}, "reference": "no annotated images found",
            "ratio": None, "target": f"images in {DATA}", "met": False,
        }  # fmt: skip
    scores = play(names, methods((0, 10)), each=1)
    figures = {method: _flat(_mean(by_set)) for method, by_set in scores.items()}
    ratios = [_mean(scores[label(s)]) / _mean(scores[FOREST]) for s in (0, 10)]
    return {
        "name": "few_strokes",
        "figures": {"data_sets": len(names), "unseen_by_the_weights": len(unseen()), **figures},
        "reference": FOREST,
        "ratio": round(float(ratios[0].mean()), 4),
        "target": "the instant answer above the forest in every round, ten seconds above it",
        "met": bool((ratios[0] > 1).all() and ratios[1].mean() > ratios[0].mean()),
    }


def data_sets_to_play() -> list[str]:
    """The data sets the start weights have not seen, or all of them if there are none."""
    return unseen() or [name for name in data_sets(DATA) if name not in NOT_FOR_2D]


def unseen() -> list[str]:
    """The data sets that the start weights have not seen, by their card."""
    card = files("napari_unet") / "weights" / NAME.replace(".safetensors", ".json")
    seen = json.loads(card.read_text("utf-8"))["real images"]
    return [name for name in data_sets(DATA) if name not in {*seen, *NOT_FOR_2D}]


def methods(seconds: Sequence[float], *, scratch: bool = False) -> dict[str, Method]:
    """What is compared: ours after some times per round, and what others offer."""
    found: dict[str, Method] = {FOREST: forest, APOC: apoc_forest}
    for time in seconds:
        found[label(time)] = Ours(max_seconds=time)
    if scratch and max(seconds) > 0:
        plain = preset("fast").changed(filter_bank=False)
        found[SCRATCH] = Ours(max_seconds=max(seconds), start="scratch", preset=plain)
    return found


def label(seconds: float) -> str:
    """What our answer after so many seconds is called."""
    return f"ours, {seconds:g} s" if seconds else "ours, instant"


class Ours:
    """Our answer, asked as anybody would ask for it: round by round.

    From the second round on the model of the round before is told (`corrects`), so that the
    program knows which strokes were painted where it was wrong.

    Parameters
    ----------
    **settings
        As `fit` takes them.
    """

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._last: tuple[np.ndarray, Model] | None = None

    def __call__(self, image: np.ndarray, paint: Paint) -> Answer:
        """Train on this paint, which holds that of the round before; see `Method`."""
        canvas = np.zeros(image.shape[1:], np.uint8)
        canvas[tuple(paint.positions.T)] = paint.classes + 1
        axes = "YX" if len(image) == 1 else "YXC"
        before = self._last[1] if self._last and self._last[0] is image else None
        how = {"axes": axes, "paint_mode": "strokes", "corrects": before, **self._settings}
        model = fit(_plain(image), canvas, **how)
        self._last = image, model
        background = model.classes.label_values[0]

        def answer(image: np.ndarray) -> np.ndarray:
            labels = predict(model, _plain(image), axes=axes)
            return (labels != background).astype(np.uint8)

        return answer


def _plain(image: np.ndarray) -> np.ndarray:
    """The image as a file has it: (y, x), or (y, x, channels) for colour."""
    return image[0] if len(image) == 1 else image.transpose(1, 2, 0)


def play(names: Sequence[str], compared: dict[str, Method], each: int) -> Scores:
    """Play every case with every method."""
    played: list[Case] = list(cases(DATA, list(names), each))
    scores: Scores = {}
    for method, ask in compared.items():
        found: dict[str, list[np.ndarray]] = {}
        for seed, case in enumerate(played):
            found.setdefault(case.name, []).append(play_case(case, ask, seed))
            progress(f"{method}: {case.name} {np.round(found[case.name][-1], 3).tolist()}")
        scores[method] = {name: np.mean(of, 0) for name, of in found.items()}
    return scores


def _mean(by_set: dict[str, np.ndarray]) -> np.ndarray:
    """Mean over data sets, rounds by (painted image, next image)."""
    return np.asarray(np.mean(list(by_set.values()), 0))


def _flat(mean: np.ndarray) -> dict[str, list[float]]:
    return {
        where: [round(float(value), 3) for value in mean[:, column]]
        for column, where in enumerate(("painted_image", "next_image"))
    }


def table(scores: Scores) -> str:
    """All scores in Markdown, one row for each method and data set."""
    rounds = [f"round {number + 1}" for number in range(ROUNDS)]
    head = [
        "data set",
        "method",
        *(f"painted, {r}" for r in rounds),
        *(f"next, {r}" for r in rounds),
    ]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for name in ["mean", *next(iter(scores.values()))]:
        for method, by_set in scores.items():
            values = _mean(by_set) if name == "mean" else by_set[name]
            cells = [f"{value:.2f}" for value in values.T.ravel()]
            lines.append("| " + " | ".join([name, method, *cells]) + " |")
    return "\n".join(lines)


def plot(scores: Scores, file: Path) -> None:
    """Curves of the mean over data sets against rounds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for column, (axes, title) in enumerate(
        zip(panels, ("painted image", "next image"), strict=True)
    ):
        for method, by_set in scores.items():
            style = {"linestyle": "--"} if method in {FOREST, APOC} else {}
            axes.plot(
                range(1, ROUNDS + 1), _mean(by_set)[:, column], marker="o", label=method, **style
            )
        axes.set(title=title, xlabel="round of four strokes per class", xticks=range(1, ROUNDS + 1))
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("IoU of the foreground")
    panels[0].legend(fontsize=8)
    figure.savefig(file, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Play as much as the command line asks for; print a table, and write a plot and the scores."""
    parser = argparse.ArgumentParser("python -m benchmarks.few_strokes", description=__doc__)
    parser.add_argument("--seconds", type=float, nargs="+", default=[0, 10])
    parser.add_argument("--each", type=int, default=1, help="cases per data set")
    parser.add_argument("--sets", nargs="+", help="data sets")
    parser.add_argument("--scratch", action="store_true", help="also a U-Net from scratch")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--scores", type=Path, help="JSON file to write")
    options = parser.parse_args(arguments)
    names = options.sets or data_sets_to_play()
    scores = play(names, methods(options.seconds, scratch=options.scratch), options.each)
    print(table(scores))
    if options.plot:
        plot(scores, options.plot)
    if options.scores:
        plain = {m: {n: v.tolist() for n, v in by.items()} for m, by in scores.items()}
        options.scores.write_text(json.dumps(plain, indent=1))


if __name__ == "__main__":
    main()
