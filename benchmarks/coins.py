"""The mask after 30 s of training on the coins sample and its own strokes is a good one.

The figure is the intersection over union of the predicted coins with a careful mask; see
`benchmarks.coins_mask` for how that was made. The reference is a random forest on classical
features (`skimage.feature.multiscale_basic_features`), trained on the same strokes.
"""

from __future__ import annotations

import time
from typing import Any

import imageio.v3 as iio
import numpy as np

from benchmarks.coins_mask import MASK_FILE
from napari_unet.api import fit, predict
from napari_unet.data.samples import Sample, load_sample

SECONDS = 30.0
TARGET = 0.90
_COIN = 2


def run() -> dict[str, Any]:
    """Train for 30 s, predict, and compare with the careful mask and with a random forest."""
    sample = load_sample("coins")
    truth = np.asarray(iio.imread(MASK_FILE)) > 0
    start = time.perf_counter()
    model = fit(sample.image, sample.paint, max_seconds=SECONDS)
    trained = time.perf_counter()
    labels = predict(model, sample.image)
    predicted = time.perf_counter()
    ours = iou(labels == _COIN, truth)
    at_once = predict(fit(sample.image, sample.paint, max_seconds=0), sample.image)
    begun = time.perf_counter()
    forest = iou(random_forest(sample) == _COIN, truth)
    figures = {
        "iou": ours,
        "iou_instant_answer": iou(at_once == _COIN, truth),
        "painted_share": float((sample.paint > 0).mean()),
        "training_seconds": trained - start,
        "prediction_seconds": predicted - trained,
        "random_forest_seconds": time.perf_counter() - begun,
    }
    return {
        "name": "coins",
        "figures": {key: round(value, 4) for key, value in figures.items()},
        "reference": {"random_forest_iou": round(forest, 4)},
        "ratio": round(ours / forest, 4),
        "target": f"IoU >= {TARGET:.2f} after {SECONDS:.0f} s",
        "met": ours >= TARGET,
    }


def iou(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((predicted & truth).sum() / (predicted | truth).sum())


def random_forest(sample: Sample) -> np.ndarray:
    """Labels of a random forest (Breiman 2001, doi:10.1023/A:1010933404324)."""
    from skimage.feature import multiscale_basic_features
    from sklearn.ensemble import RandomForestClassifier

    features = multiscale_basic_features(sample.image, sigma_max=16)
    painted = sample.paint > 0
    forest = RandomForestClassifier(n_estimators=100, n_jobs=2, random_state=0)
    forest.fit(features[painted], sample.paint[painted])
    flat = features.reshape(-1, features.shape[-1])
    return np.asarray(forest.predict(flat)).reshape(sample.paint.shape)
