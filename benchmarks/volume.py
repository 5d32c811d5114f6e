"""A real stack, strokes on three slices: unpainted slices after a minute, against a random forest.

The simulated annotator of ``few_strokes`` paints four strokes of each class on each of three
slices. Cell walls (voxels at a face between two cells) and nuclei are told from the rest; the
figure is the intersection over union on the slices nobody painted. Ours is asked as the panel
asks, in 3D: the instant answer, then a minute of training. The reference is a random forest on
Gaussians, gradient magnitudes and eigenvalues of Hessians, at several scales that follow the
spacing, with the same strokes. Slice by slice in 2D, random weights and cubic voxels are
measured, too.

The stacks are those of ``../shared/data`` (see its README); without them the benchmark says so.
Training time and cases: ``python -m benchmarks.volume --seconds 60 --seeds 0 1``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from scipy import ndimage
from skimage.segmentation import find_boundaries
from sklearn.ensemble import RandomForestClassifier
from tifffile import imread

from benchmarks.few_strokes import DATA
from benchmarks.report import Report, progress
from napari_unet.api import fit, predict
from pretraining.annotator import draw_paint
from pretraining.evaluate import HABIT, iou

SECONDS = 60.0
SLICES = 3
SCALES = (0.7, 1.0, 2.0, 4.0, 8.0)
TARGET = 1.05

STACKS = {
    "ovule walls": ("ovule_3d/sample_ovule", (0.235, 0.15, 0.15), True),
    "nuclei 1135": ("plant_nuclei_3d/1135_mini", (0.284, 0.128, 0.128), False),
    "nuclei 1136": ("plant_nuclei_3d/1136_mini", (0.284, 0.128, 0.128), False),
}
"""File, voxel size in micrometres, and whether walls between instances are looked for.

The third stack of nuclei is nearly pure noise, by its notes.
"""

Method = Callable[["Case"], np.ndarray]
"""Answers with a mask of a case."""


@dataclass(frozen=True, eq=False)
class Case:
    """A stack with strokes.

    Parameters
    ----------
    image : ndarray, shape (Z, Y, X)
    truth : ndarray of uint8, shape (Z, Y, X)
    paint : ndarray of uint8, shape (Z, Y, X)
        1 background, 2 object.
    spacing : tuple of float
    """

    image: np.ndarray
    truth: np.ndarray
    paint: np.ndarray
    spacing: tuple[float, float, float]

    def score(self, answer: np.ndarray) -> float:
        """Intersection over union on the slices nobody painted."""
        unpainted = ~self.paint.any((1, 2))
        return iou(answer[unpainted], self.truth[unpainted])


def load_case(name: str, seed: int) -> Case:
    """A stack, and strokes of the simulated annotator on three slices of it."""
    file, spacing, walls = STACKS[name]
    image = imread(DATA / f"{file}_img.tif")
    mask = imread(DATA / f"{file}_mask.tif")
    truth = find_boundaries(mask, mode="thick") if walls else mask > 0
    truth = truth.astype(np.uint8)
    rng = np.random.default_rng([seed, 7])
    paint = np.zeros(image.shape, np.uint8)
    for number in range(SLICES):
        z = round((2 * number + 1) * len(image) / (2 * SLICES))
        strokes = draw_paint(truth[z], HABIT, rng, most=10_000)
        paint[z][tuple(strokes.positions.T)] = strokes.classes + 1
    return Case(image, truth, paint, spacing)


def features(image: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """What the forest sees of each voxel, shape (Z, Y, X, features)."""
    length = np.array(spacing) / min(spacing)
    intensity = (image - image.mean()) / image.std()
    found = [intensity]
    for scale in SCALES:
        sigma = scale / length
        smooth = ndimage.gaussian_filter(intensity, sigma, truncate=3)
        slope = ndimage.gaussian_gradient_magnitude(intensity, sigma, truncate=3)
        first = [np.gradient(smooth, axis=axis) / length[axis] for axis in range(3)]
        hessian = np.empty((*image.shape, 3, 3), np.float32)
        for i in range(3):
            for j in range(i, 3):
                second = np.gradient(first[i], axis=j) / length[j]
                hessian[..., i, j] = hessian[..., j, i] = second
        curvature = np.linalg.eigvalsh(hessian)
        found += [smooth, slope, *np.moveaxis(curvature, -1, 0)]
    return np.stack(found, -1).astype(np.float32)


def forest(case: Case) -> np.ndarray:
    """A random forest of a hundred trees, with the same strokes."""
    seen, painted = features(case.image, case.spacing), case.paint > 0
    model = RandomForestClassifier(100, random_state=0, n_jobs=-1)
    model.fit(seen[painted], case.paint[painted])
    flat = model.predict(seen.reshape(-1, seen.shape[-1]))
    return (flat == 2).reshape(case.image.shape).astype(np.uint8)


def ours(
    case: Case, *, cubic: bool = False, dimensions: Literal[2, 3] = 3, **settings: Any
) -> np.ndarray:
    """Our answer, asked as anybody would ask for it."""
    model = fit(
        case.image,
        case.paint,
        axes="ZYX",
        spacing=None if cubic else case.spacing,
        dimensions=dimensions,
        paint_mode="strokes",
        **settings,
    )
    return (predict(model, case.image, axes="ZYX") == 2).astype(np.uint8)


def methods(seconds: float, *, every: bool) -> dict[str, Method]:
    """What is compared."""
    found: dict[str, Method] = {"forest": forest, "instant": partial(ours, max_seconds=0)}
    if every:
        found["instant_random_weights"] = partial(ours, start="scratch", max_seconds=0)
        found["instant_cubic_voxels"] = partial(ours, cubic=True, max_seconds=0)
        found["instant_2d"] = partial(ours, dimensions=2, max_seconds=0)
    if seconds:
        found["trained"] = partial(ours, max_seconds=seconds)
    return found


def play(
    seconds: float, seeds: Sequence[int], *, every: bool = True
) -> dict[str, dict[str, float]]:
    """Mean score over seeds, per method and stack."""
    scores: dict[str, dict[str, float]] = {}
    for name in STACKS:
        cases = [load_case(name, seed) for seed in seeds]
        for method, ask in methods(seconds, every=every).items():
            values = [case.score(ask(case)) for case in cases]
            scores.setdefault(method, {})[name] = round(float(np.mean(values)), 3)
            progress(f"{name}, {method}: {np.round(values, 3).tolist()}")
    return scores


def run(seconds: float = SECONDS, seeds: Sequence[int] = (0,)) -> Report:
    """Play all stacks."""
    target = f"the mean over stacks at least {TARGET} times that of the forest, in 60 s"
    missing = [file for file, *_ in STACKS.values() if not (DATA / f"{file}_img.tif").is_file()]
    if missing:
        return {
            "name": "volume", "figures": {}, "reference": f"no stacks found in {DATA}",
            "ratio": None, "target": target, "met": False,
        }  # fmt: skip
    scores = play(seconds, seeds)
    best = scores["trained" if seconds else "instant"]
    ratio = float(np.mean(list(best.values())) / np.mean(list(scores["forest"].values())))
    return {
        "name": "volume",
        "figures": {"seconds": seconds, "slices_painted": SLICES, **scores},
        "reference": "random forest on 3D features, the same strokes",
        "ratio": round(ratio, 4),
        "target": target,
        "met": ratio >= TARGET,
    }


def main(arguments: list[str] | None = None) -> None:
    """Play as long as the command line says and print the scores."""
    from benchmarks.report import as_text

    parser = argparse.ArgumentParser("python -m benchmarks.volume", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args(arguments)
    title = (__doc__ or "").partition("\n")[0]
    print(as_text(run(options.seconds, options.seeds), title))


if __name__ == "__main__":
    main()
