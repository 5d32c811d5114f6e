"""How ``benchmarks/data/coins_mask.png``, the careful mask of the coins, was made.

Scikit-image's published recipe for this image: a watershed on the Sobel gradient, flooded from
pixels that are surely background and surely coin (van der Walt et al. 2014,
doi:10.7717/peerj.453). Then, coin by coin: the notches it leaves where a coin is as dark as its
shadow are closed, dust is dropped, and the chin of the helmeted head, cut off by a dark line, is
put back. All 24 outlines were checked by eye at three times the size.

``python -m benchmarks.coins_mask`` writes the file again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage as ndi
from skimage import filters, measure, morphology, segmentation

MASK_FILE = Path(__file__).parent / "data" / "coins_mask.png"

_CHIN = (slice(204, 219), slice(280, 299))
"""Where the helmeted head continues below the dark line at its throat."""


def careful_mask(image: np.ndarray) -> np.ndarray:
    """Return the mask of the coins image: bool, same shape, 24 coins."""
    markers = np.zeros(image.shape, np.uint8)
    markers[image < 30] = 1
    markers[image > 150] = 2
    flooded = segmentation.watershed(filters.sobel(image), markers) == 2
    flooded = ndi.binary_fill_holes(flooded)
    flooded[_CHIN] |= ndi.gaussian_filter(image, 0.7)[_CHIN] > 70
    coins = np.zeros(image.shape, bool)
    for coin in measure.regionprops(measure.label(flooded)):
        if coin.area < 100:
            continue
        alone = np.zeros(image.shape, bool)
        alone[tuple(coin.coords.T)] = True
        whole = ndi.binary_fill_holes(morphology.closing(np.pad(alone, 8), morphology.disk(5)))
        coins |= morphology.opening(whole, morphology.disk(1.5))[8:-8, 8:-8]
    return coins


if __name__ == "__main__":
    import imageio.v3 as iio

    from napari_unet.data.samples import load_sample

    mask = careful_mask(load_sample("coins").image)
    MASK_FILE.parent.mkdir(exist_ok=True)
    iio.imwrite(MASK_FILE, mask.astype(np.uint8) * 255)
