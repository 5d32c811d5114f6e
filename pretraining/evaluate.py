"""How good the start weights are: the simulated annotator on data sets they have not seen.

Three rounds of strokes on one image; intersection over union of the foreground on that image's
unpainted pixels and on the next image of the set; against a random forest on the features of
scikit-image, the filter bank alone, and random start weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from skimage.feature import multiscale_basic_features
from skimage.transform import resize
from sklearn.ensemble import RandomForestClassifier
from torch import Tensor

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.config import preset
from napari_unet.learn.adapt import OWN_SHARE
from napari_unet.learn.edge_smoothing import smooth_along_edges
from napari_unet.learn.head import RIDGE_AS_READ, STEPS
from napari_unet.learn.smoothing_choice import strength_for
from napari_unet.learn.start_weights import load_start
from napari_unet.learn.statistics import measure
from napari_unet.learn.unet import UNet
from pretraining.annotator import Habit, Paint, draw_paint
from pretraining.episodes import apply_head, solve
from pretraining.feed import normalised
from pretraining.meta_training import Learner
from pretraining.pairs import Pair, load_data_set

SIDE = 512
HABIT = Habit(strokes=4, length=40, radius=2)
ROUNDS = 3

Answer = Callable[[np.ndarray], np.ndarray]
"""From an image (C, y, x), normalised, to class numbers (y, x)."""

Method = Callable[[np.ndarray, Paint], Answer]
"""From an image and its paint to something that answers for any image."""


@dataclass(frozen=True)
class Case:
    """One image to paint, and another one of its kind.

    Parameters
    ----------
    name : str
        Data set and question.
    painted, other : tuple of ndarray
        Image float32 (C, y, x), normalised, and truth uint8 (y, x).
    """

    name: str
    painted: tuple[np.ndarray, np.ndarray]
    other: tuple[np.ndarray, np.ndarray]


def cases(root: Path, names: list[str], each: int = 3) -> Iterator[Case]:
    """Cases of several data sets: foreground, walls for dense ones, the classes of others.

    Parameters
    ----------
    root : Path
        Where the data sets lie.
    names : list of str
        Which of them.
    each : int, optional
        Cases per data set.
    """
    for name in names:
        pairs = load_data_set(root / name)
        step = max(1, len(pairs) // each)
        for number in range(min(each, len(pairs))):
            first = pairs[number * step + step // 2]
            alike = [p for p in pairs if p.series == first.series and p is not first]
            second = alike[number % len(alike)] if alike else first
            dense = any(p.mask.all() for p in (first, *alike))
            yield Case(name, *(_prepared(p, name, dense=dense) for p in (first, second)))


def _prepared(pair: Pair, name: str, *, dense: bool) -> tuple[np.ndarray, np.ndarray]:
    """Image and truth in the size of the protocol; the truth of a dense series is its walls."""
    image, mask = pair.image, pair.mask
    if name == "sandstone_ct":
        truth = (mask == 1).astype(np.uint8)
    elif dense:
        truth = np.zeros(mask.shape, np.uint8)
        truth[:-1] |= mask[1:] != mask[:-1]
        truth[:, :-1] |= mask[:, 1:] != mask[:, :-1]
    else:
        truth = (mask > 0).astype(np.uint8)
    y, x = ((n - min(n, SIDE)) // 2 for n in mask.shape)
    image, truth = image[:, y : y + SIDE, x : x + SIDE], truth[y : y + SIDE, x : x + SIDE]
    if max(truth.shape) < 300:
        size = tuple(2 * n for n in truth.shape)
        image = np.stack([resize(p, size, order=1) for p in image])
        truth = truth.repeat(2, 0).repeat(2, 1)
    return normalised(image).astype(np.float32), truth


def play_case(case: Case, method: Method, seed: int) -> np.ndarray:
    """Scores of a method, shape (rounds, 2): on the painted image, on the other one."""
    rng = np.random.default_rng([seed, 7])
    image, truth = case.painted
    paint = draw_paint(truth, HABIT, rng, most=10_000)
    scores = []
    for _ in range(ROUNDS):
        answer_for = method(image, paint)
        answer = answer_for(image)
        unpainted = np.ones(truth.shape, bool)
        unpainted[tuple(paint.positions.T)] = False
        other = answer_for(case.other[0])
        scores.append((iou(answer[unpainted], truth[unpainted]), iou(other, case.other[1])))
        paint = paint + draw_paint(truth, HABIT, rng, where=answer != truth, most=10_000)
    return np.array(scores)


def iou(answer: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of everything but class 0."""
    union = ((answer > 0) | (truth > 0)).sum()
    return float(((answer > 0) & (truth > 0)).sum() / union) if union else 1.0


def forest(image: np.ndarray, paint: Paint) -> Answer:
    """A random forest on scikit-image's features, as its example of trainable segmentation."""

    def features(image: np.ndarray) -> np.ndarray:
        return multiscale_basic_features(
            image.transpose(1, 2, 0), sigma_min=1, sigma_max=16, channel_axis=-1
        )

    model = RandomForestClassifier(50, max_depth=10, max_samples=0.05, n_jobs=1, random_state=0)
    if len(paint.classes) < 4000:
        model.set_params(max_samples=None)
    model.fit(features(image)[tuple(paint.positions.T)], paint.classes)

    def answer(image: np.ndarray) -> np.ndarray:
        read = features(image)
        return model.predict(read.reshape(-1, read.shape[-1])).reshape(read.shape[:2])

    return answer


class Instant:
    """The instant answer of a network, or of some of its feature maps only.

    Parameters
    ----------
    net_for : callable
        Network for a number of channels.
    ridge : float
        Pull of the weights towards zero.
    maps_of : slice, optional
        Which feature maps the head reads.
    own_share : float, optional
        How much the feature statistics of another image than the painted one count.
    """

    def __init__(
        self,
        net_for: Callable[[int], UNet],
        ridge: float,
        maps_of: slice = slice(None),
        own_share: float = OWN_SHARE,
    ) -> None:
        self._net_for, self._ridge, self._maps_of = net_for, ridge, maps_of
        self._own_share = own_share
        self._known: list[tuple[np.ndarray, np.ndarray, list[Tensor]]] = []

    def __call__(self, image: np.ndarray, paint: Paint) -> Answer:
        """Solve the head from paint; see `Method`."""
        painted = image
        maps = self._maps(painted, painted)
        head = solve(maps, paint, int(paint.classes.max()) + 1, STEPS, self._ridge)
        target = torch.full(image.shape[1:], UNPAINTED, dtype=torch.uint8)
        target[tuple(paint.positions.T)] = torch.from_numpy(paint.classes).to(torch.uint8)

        def chances(image: np.ndarray) -> Tensor:
            scores = apply_head(self._maps(image, painted), *head)
            return scores[:, :, : image.shape[1], : image.shape[2]].softmax(1)

        strength = strength_for(chances(image)[0], torch.from_numpy(image), target)

        def answer(image: np.ndarray) -> np.ndarray:
            seen = torch.from_numpy(image)[None]
            smooth = smooth_along_edges(chances(image), seen, strength)
            return smooth[0].argmax(0).numpy().astype(np.uint8)

        return answer

    @torch.no_grad()
    def _maps(self, image: np.ndarray, painted: np.ndarray) -> list[Tensor]:
        """Feature maps of an image, given the painted one; the last two are remembered."""
        for known, beside, maps in self._known:
            if known is image and beside is painted:
                return maps
        net = self._net_for(len(image)).eval()
        measure(net, [torch.from_numpy(painted)[None]])
        if image is not painted:
            measure(net, [torch.from_numpy(image)[None]], self._own_share)
        maps = net.feature_maps(torch.from_numpy(image)[None])[self._maps_of]
        self._known = [*self._known[-1:], (image, painted, maps)]
        return maps


def compare(
    root: Path,
    names: list[str],
    run: Path | None,
    each: int,
    with_forest: bool,
    own_share: float = OWN_SHARE,
) -> Iterator[str]:
    """Lines of a table: each method on each data set, rounds 1 to 3, painted and next image.

    Parameters
    ----------
    root : Path
        Where the data sets lie.
    names : list of str
        Which of them; honest only for those the weights have not seen.
    run : Path or None
        Folder of a run, None for the shipped weights.
    each : int
        Cases per data set.
    with_forest : bool
        Whether to play the slow forest, too.
    own_share : float, optional
        As `Instant` takes it; strokes are the same for all.
    """
    played = list(cases(root, names, each))
    for label, method in _methods(run, with_forest, own_share).items():
        scores: dict[str, list[np.ndarray]] = {}
        for seed, case in enumerate(played):
            scores.setdefault(case.name, []).append(play_case(case, method, seed))
        means = {name: np.mean(found, 0) for name, found in scores.items()}
        yield f"{label}: painted image and next image after rounds 1, 2, 3"
        for name, mean in [*means.items(), ("mean", np.mean(list(means.values()), 0))]:
            yield f"  {name:20}" + "".join(f"{score:7.3f}" for score in mean.T.ravel())


def _methods(run: Path | None, with_forest: bool, own_share: float) -> dict[str, Method]:
    """What to compare."""
    torch.manual_seed(0)
    random = Learner()

    def instant(net_for: Callable[[int], UNet], maps_of: slice = slice(None)) -> Instant:
        return Instant(net_for, RIDGE_AS_READ, maps_of, own_share)

    methods: dict[str, Method] = {"random forest": forest} if with_forest else {}
    methods["filter bank"] = instant(random.for_channels, slice(-1, None))
    methods["random trunk"] = instant(random.for_channels)
    if run is None:
        methods["shipped"] = instant(_shipped)
        return methods
    trained = Learner()
    stored = torch.load(run / "checkpoint.pt", weights_only=True)
    trained.load_state_dict(stored["average"])
    methods[f"meta-trained, {stored['episodes']} episodes"] = instant(trained.for_channels)
    return methods


def _shipped(channels: int) -> UNet:
    """The shipped weights for a number of channels."""
    net = load_start(preset("fast", input_channels=channels))
    if net is None:
        raise FileNotFoundError("no start weights are shipped; run train and export first")
    return net
