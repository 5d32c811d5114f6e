"""Drawing one part of a layer anew, as napari does after a stroke: the rest stays on the card."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels

Part = tuple[slice, ...]
"""A part of a layer's data, one slice for each of its axes."""


def refresh_parts(layer: Any, parts: list[Part]) -> None:
    """Draw parts of a layer anew that were changed in place, or all of it where it must be.

    Handing a plane of 4096 x 4096 labels to the graphics card takes 50 ms and more, one part of
    it next to nothing. napari does so itself after each dab of paint, by methods that plugins
    are not meant to call; where these are not as expected, the layer is refreshed as a whole.

    Parameters
    ----------
    layer : napari layer
    parts : list of tuple of slice
    """
    if isinstance(layer, Labels) and isinstance(layer.data, np.ndarray):
        try:
            if not layer.contour and layer._slice_input.ndisplay == 2 and layer.loaded:
                for part in parts:
                    _refresh_part(layer, part)
                return
        except AttributeError:
            pass
    layer.refresh(thumbnail=False, extent=False, highlight=False)


def _refresh_part(layer: Any, part: Part) -> None:
    for axis, place in layer._get_pt_not_disp().items():
        if not part[axis].start <= place < part[axis].stop:
            return  # another slice is on screen
    image = layer._slice.image
    shown = tuple(part[axis] for axis in layer._slice_input.displayed)
    image.view[shown] = layer._raw_to_displayed(image.raw, data_slice=shown)
    layer._accumulate_updated_slice(part)
    layer._partial_labels_refresh()
