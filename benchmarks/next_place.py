"""Strokes placed by Next against strokes placed at random, one at a time.

Both begin with the same stroke of each class, then the simulated annotator paints short strokes
of the true class, each answered by the instant answer. Random strokes lie anywhere unpainted, or,
as a second reference, are of a class drawn by lot. The figure is how many strokes it takes, in the
mean over data sets, to the intersection over union that strokes placed anywhere have at the end;
the ratio is random over Next. Single data sets are told, too, but a few games each are few.

The images are those of ``../shared/data`` (see its README); without them the benchmark says so.
Start weights have seen some of these data sets, which helps both sides. Other rankings:
``python -m benchmarks.next_place --rankings``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.few_strokes import DATA, NOT_FOR_2D, unseen
from benchmarks.report import Report, progress, show
from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.config import preset
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.next_place import Outlook, Ranking, next_places, outlook_of
from napari_unet.core.preview import PreviewRequest
from napari_unet.learn.glance import Glance
from pretraining.annotator import Habit, Paint, draw_stroke
from pretraining.evaluate import Case, cases, iou
from pretraining.pairs import data_sets

STROKES = 16
"""Strokes after the first one of each class."""

HABIT = Habit(strokes=1, length=20, radius=2)

SEEDS = 3
TARGET_RATIO = 1.5
RANDOM, LOT, NEXT = "random", "random of either class", "next"
FEWEST = 0.01
"""Images with less than this share of one class have no room for strokes of it."""

RANKINGS = {
    "entropy of single pixels": Ranking("entropy", 0, 0),
    "entropy over 2 px": Ranking("entropy", 2, 0),
    "entropy over 8 px": Ranking("entropy", 8, 0),
    "margin over 2 px": Ranking("margin", 2, 0),
    "entropy over 2 px and disagreement": Ranking("entropy", 2, 0.15),
    "entropy over 2 px, balanced": Ranking("entropy", 2, 0, balance=0.5),
}

Curves = Mapping[str, Mapping[str, np.ndarray]]
"""Per method and data set: mean score after 0, 1, ... strokes."""

Placer = Callable[["Game"], tuple[int, int]]
"""Says where the next stroke goes."""


class Game:
    """One image, the strokes on it so far, and the instant answer to them.

    Parameters
    ----------
    case : Case
    seed : int
        Decides the first strokes and all that is random after them.
    glance : Glance
        Remembers the features of the image from game to game.
    plain : ndarray
        The image as a file has it; the same object in every game, for its features are known.
    """

    def __init__(self, case: Case, seed: int, glance: Glance, plain: np.ndarray) -> None:
        _, self.truth = case.painted
        self._plain, self._glance = plain, glance
        self.rng = np.random.default_rng([seed, 11])
        self.canvas = np.zeros(self.truth.shape, np.uint8)
        self.training: TrainingSet | None = None
        self.outlook: Outlook | None = None
        self.before: Outlook | None = None
        self.chances = np.zeros((2, *self.truth.shape), np.float32)
        for class_number in (0, 1):
            self.paint(self.anywhere(class_number))
        self.answer()

    def anywhere(self, class_number: int | None = None) -> tuple[int, int]:
        """A pixel that is not painted, of one class if it matters."""
        free = self.canvas == 0
        if class_number is not None:
            free &= self.truth == class_number
        row, column = np.unravel_index(self.rng.choice(np.flatnonzero(free)), free.shape)
        return int(row), int(column)

    def paint(self, place: tuple[int, int]) -> None:
        """Put a stroke of the true class there."""
        stroke: Paint = draw_stroke(self.truth, place, HABIT, self.rng)
        self.canvas[tuple(stroke.positions.T)] = stroke.classes + 1

    def answer(self) -> None:
        """Solve the head anew."""
        axes = "YX" if self._plain.ndim == 2 else "YXC"
        self.training = assemble_arrays(
            self._plain, self.canvas, axes=axes, mode="strokes"
        ).training
        box = tuple(slice(0, n) for n in self.truth.shape)
        network = preset("fast").changed(input_channels=self.training.channels)
        chances = self._glance.probabilities(self.training, network, PreviewRequest(0, 0, 0, box))
        assert chances is not None
        self.chances = chances
        self.before, self.outlook = self.outlook, outlook_of(0, box, chances)

    @property
    def score(self) -> float:
        """Intersection over union of the foreground on unpainted pixels."""
        free = self.canvas == 0
        return iou(self.chances.argmax(0)[free], self.truth[free])


def by_next(ranking: Ranking | None = None) -> Placer:
    """Where Next would go."""

    def place(game: Game) -> tuple[int, int]:
        assert game.training is not None
        assert game.outlook is not None
        before = [] if game.before is None else [game.before]
        found = next_places(
            [game.outlook], game.training.images[0].annotation, game.training.classes,
            before=before, ranking=ranking, most=1,
        )  # fmt: skip
        if not found:
            return game.anywhere()
        row, column = found[0].centre
        return row, column

    return place


def by_lot(game: Game) -> tuple[int, int]:
    """Anywhere in a class drawn by lot."""
    return game.anywhere(int(game.rng.integers(2)))


def play(case: Case, seed: int, place: Placer, glance: Glance, plain: np.ndarray) -> list[float]:
    """The score after the first strokes and after each further one."""
    game = Game(case, seed, glance, plain)
    scores = [game.score]
    for _ in range(STROKES):
        game.paint(place(game))
        game.answer()
        scores.append(game.score)
    return scores


def playable() -> Iterator[Case]:
    """One case of each data set, where it has two classes to tell apart."""
    names = [name for name in data_sets(DATA) if name not in NOT_FOR_2D]
    for case in cases(DATA, names, 1):
        if FEWEST < case.painted[1].mean() < 1 - FEWEST:
            yield case


def play_all(placers: Mapping[str, Placer], seeds: int) -> Curves:
    """Play every case with every way to place strokes."""
    curves: dict[str, dict[str, np.ndarray]] = {method: {} for method in placers}
    for case in playable():
        image = case.painted[0]
        plain = image[0] if len(image) == 1 else np.ascontiguousarray(image.transpose(1, 2, 0))
        glance = Glance("cpu", "float32")
        for method, place in placers.items():
            games = [play(case, seed, place, glance, plain) for seed in range(seeds)]
            curves[method][case.name] = np.mean(games, 0)
            progress(f"{method}: {case.name} {curves[method][case.name][::4].round(3).tolist()}")
    return curves


def strokes_to(curve: np.ndarray, target: float) -> int:
    """Strokes until a score is reached; one more than were painted if it was not."""
    reached = np.flatnonzero(curve >= target)
    return int(reached[0]) if len(reached) else STROKES + 1


def summary(curves: Curves, method: str) -> dict[str, Any]:
    """Scores of one way to place strokes, and how many it takes to that of random ones."""
    own, random = curves[method], curves[RANDOM]
    mean, target = _mean(own), _mean(random)[-1]
    return {
        "strokes_needed": strokes_to(mean, float(target)),
        "strokes_needed_each": [strokes_to(own[name], random[name][-1]) for name in own],
        "iou_after_4": float(mean[4]),
        "iou_after_16": float(mean[-1]),
        "iou_mean": float(mean[1:].mean()),
    }


def _mean(curves: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.asarray(np.mean(list(curves.values()), 0))


def run() -> Report:
    """Play Next against both kinds of random strokes."""
    placers: dict[str, Placer] = {RANDOM: Game.anywhere, LOT: by_lot, NEXT: by_next()}
    curves = play_all(placers, SEEDS)
    sets = list(curves[NEXT])
    if not sets:
        return {
            "name": "next_place", "figures": {}, "reference": "no annotated images found",
            "ratio": None, "target": f"images in {DATA}", "met": False,
        }  # fmt: skip
    figures = {method: summary(curves, method) for method in placers}
    ratio = figures[RANDOM]["strokes_needed"] / figures[NEXT]["strokes_needed"]
    return {
        "name": "next_place",
        "figures": {
            "data_sets": sets,
            "unseen_by_the_start_weights": [name for name in unseen() if name in sets],
            **figures,
        },
        "reference": "strokes of the true class anywhere on the image, one at a time",
        "ratio": ratio,
        "target": f"random needs {TARGET_RATIO} times the strokes, and is behind on average",
        "met": ratio >= TARGET_RATIO
        and figures[NEXT]["iou_mean"] > max(figures[m]["iou_mean"] for m in (RANDOM, LOT)),
    }


def main(arguments: list[str] | None = None) -> None:
    """Compare rankings, as the command line asks for."""
    parser = argparse.ArgumentParser("python -m benchmarks.next_place", description=__doc__)
    parser.add_argument("--rankings", action="store_true", help="other rankings, too")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args(arguments)
    placers: dict[str, Placer] = {RANDOM: Game.anywhere, LOT: by_lot, NEXT: by_next()}
    if options.rankings:
        placers |= {name: by_next(ranking) for name, ranking in RANKINGS.items()}
    curves = play_all(placers, options.seeds)
    print("| strokes placed | needed | each | IoU after 4 | IoU after 16 | mean IoU |")
    print("| --- | --- | --- | --- | --- | --- |")
    for method in placers:
        print("| " + " | ".join([method, *map(show, summary(curves, method).values())]) + " |")


if __name__ == "__main__":
    main()
