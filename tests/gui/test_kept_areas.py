"""Kept paint of an area, or of a level of a pyramid, comes back to the place it was painted at."""

from __future__ import annotations

import numpy as np
from napari.layers import Image

from napari_unet.gui.panel import UNetPaint
from napari_unet.gui.place import chosen_level, place_of, set_place
from tests.gui.test_journal_watch import (  # noqa: F401
    block,
    end,
    new_layer,
    offered,
    press,
    root,
    window,
)
from tests.gui.test_pyramid import pyramid

AREA = {"region": ((16, 48), (24, 72))}


def test_paint_of_an_area_comes_back_to_it(window, qtbot) -> None:  # noqa: F811
    viewer, panel = window(scale=(0.5, 2), translate=(3, 4))
    set_place(viewer.layers["cells"], AREA)
    layer = new_layer(viewer, panel)
    assert layer.data.shape == (32, 48)
    block(layer, 5, 7, 2)
    wanted, where = layer.data.copy(), layer.data_to_world((5, 7))
    end(panel)
    viewer, panel = window(scale=(0.5, 2), translate=(3, 4))
    assert place_of(viewer.layers["cells"]) == {}
    offered(panel, qtbot)
    press(qtbot, panel.kept.line, accept=True)
    restored = viewer.layers["cells paint"]
    assert np.array_equal(restored.data, wanted)
    assert np.allclose(restored.data_to_world((5, 7)), where)
    assert place_of(restored) == place_of(viewer.layers["cells"]) == AREA
    assert panel.paint.paint is restored


def test_paint_of_another_area_is_not_filled_into_this_one(window, qtbot) -> None:  # noqa: F811
    viewer, panel = window()
    set_place(viewer.layers["cells"], AREA)
    block(new_layer(viewer, panel), 5, 7, 2)
    end(panel)
    viewer, panel = window()
    other = {"region": ((0, 32), (0, 48))}  # as large, elsewhere
    set_place(viewer.layers["cells"], other)
    here = new_layer(viewer, panel)
    block(here, 0, 0, 1)
    before = here.data.copy()
    offered(panel, qtbot)
    press(qtbot, panel.kept.line, accept=True)
    assert np.array_equal(here.data, before)
    [restored] = [
        layer
        for layer in viewer.layers
        if layer is not here and layer.name.startswith("cells paint")
    ]
    assert place_of(restored) == AREA
    assert np.allclose(restored.data_to_world((5, 7)), (21, 31))


def test_paint_of_a_level_comes_back_to_it(make_napari_viewer, root, qtbot) -> None:  # noqa: F811
    def session() -> tuple[Image, UNetPaint]:
        viewer = make_napari_viewer()
        image = viewer.add_layer(pyramid())
        panel = UNetPaint(viewer)
        viewer.window.add_dock_widget(panel, name="U-Net Paint")
        return image, panel

    image, panel = session()
    panel.paint.level.set_level(2)
    panel.paint.new_paint()
    block(panel.paint.paint, 5, 7, 2)
    where = panel.paint.paint.data_to_world((5, 7))
    end(panel)
    image, panel = session()
    assert chosen_level(image) == 0
    offered(panel, qtbot)
    press(qtbot, panel.kept.line, accept=True)
    assert panel.paint.paint.data.shape == (50, 81)
    assert np.allclose(panel.paint.paint.data_to_world((5, 7)), where)
    assert chosen_level(image) == 2
