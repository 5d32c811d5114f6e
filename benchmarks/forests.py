"""Forests on the feature sets of other tools, computed here with SciPy.

APOC (https://github.com/haesleinhuepf/apoc) computes its features with OpenCL, which needs a
device of its own, and Convpaint's need downloaded weights of a classification network; so the
former's are computed anew, in its published combination, and the latter are not compared.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier

from pretraining.annotator import Paint
from pretraining.evaluate import Answer

APOC = "forest on APOC's features"

_SIZES = range(1, 6)
_TREES, _DEPTH = 10, 2


def apoc_forest(image: np.ndarray, paint: Paint) -> Answer:
    """A forest of APOC's size and depth on its features for objects of one to five pixels.

    Parameters
    ----------
    image : ndarray of float, shape (C, y, x)
        Every channel gives features of its own.
    paint : Paint
        Painted pixels and their classes.

    Returns
    -------
    callable
        From an image of the same channels to class numbers, shape (y, x).
    """
    model = RandomForestClassifier(_TREES, max_depth=_DEPTH, n_jobs=1, random_state=0)
    model.fit(apoc_features(image)[tuple(paint.positions.T)], paint.classes)

    def answer(image: np.ndarray) -> np.ndarray:
        read = apoc_features(image)
        labels: np.ndarray = model.predict(read.reshape(-1, read.shape[-1]))
        return labels.reshape(read.shape[:2])

    return answer


def apoc_features(image: np.ndarray) -> np.ndarray:
    """The image, and at five sizes a Gaussian, a difference of Gaussians and a Laplacian.

    Parameters
    ----------
    image : ndarray of float, shape (C, y, x)

    Returns
    -------
    ndarray of float32, shape (y, x, 16 * C)
    """
    features = []
    for plane in image.astype(np.float32):
        features.append(plane)
        for size in _SIZES:
            blurred = ndimage.gaussian_filter(plane, size)
            narrow = ndimage.gaussian_filter(plane, 0.9 * size)
            wide = ndimage.gaussian_filter(plane, 1.1 * size)
            features += [blurred, narrow - wide, ndimage.laplace(blurred)]
    return np.stack(features, axis=-1)
