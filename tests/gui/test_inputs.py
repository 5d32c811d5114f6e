"""Inputs of several layers or some channels: they line up, follow a correction, and are said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_unet.core.errors import ShapeMismatch
from napari_unet.gui.input_words import input_in_words
from napari_unet.gui.inputs import (
    beside_others,
    channel_items,
    check_aligned,
    choose_channels,
    chosen_channels,
    forget_channels,
    input_layers,
    input_name,
    input_source,
    key_of,
)
from napari_unet.gui.layers import choose_axes

RANDOM = np.random.default_rng(0)


def image(shape: tuple[int, ...] = (8, 9), name: str = "im", **more: Any) -> Image:
    return Image(RANDOM.random(shape).astype(np.float32), name=name, **more)


def test_layers_of_the_same_size_may_be_channels_and_colours_may_not() -> None:
    dapi, gfp = image(name="DAPI"), image(name="GFP")
    small, colour = image((4, 9)), Image(np.zeros((8, 9, 3)), rgb=True)
    images = [gfp, dapi, small, colour]
    items = channel_items(dapi, images)
    assert [(item.name, item.ticked) for item in items] == [("GFP", False), ("DAPI", True)]
    assert channel_items(colour, images) == ()
    assert channel_items(small, images) == ()


def test_ticked_layers_become_channels_in_their_order() -> None:
    gfp, dapi = image(name="GFP"), image(name="DAPI")
    images = [gfp, dapi]
    choose_channels(dapi, [key_of(gfp), "#0"], images)
    source = input_source(dapi, images)
    assert source.channel_names == ("GFP", "DAPI")
    assert np.array_equal(source.read(0), np.stack([gfp.data, dapi.data]))
    assert input_layers(dapi, images) == [gfp, dapi]
    assert input_name(dapi, images) == "GFP + DAPI"
    assert beside_others(images) == {key_of(gfp)}
    forget_channels(dapi)
    assert np.array_equal(input_source(dapi, images).read(0), dapi.data[None])


def test_the_axes_of_the_painted_image_count_for_the_others_too() -> None:
    one, two = image((3, 8, 9), "a"), image((3, 8, 9), "b")
    choose_axes(one, "TYX")
    choose_channels(one, ["#0", key_of(two)], [one, two])
    source = input_source(one, [one, two])
    assert source.axes.axes == "CTYX"
    assert source.canonical_shape == (3, 2, 8, 9)
    assert np.array_equal(source.read(2)[1], two.data[2])


def test_a_subset_of_the_channels_of_one_layer() -> None:
    layer = image((4, 3, 8, 9), axis_labels=("t", "c", "y", "x"))
    choose_channels(layer, ["#0", "#2"], [layer])
    source = input_source(layer, [layer])
    assert source.names == ("channel 0", "channel 2")
    assert np.array_equal(source.read(3), layer.data[3, [0, 2]])
    assert "2 of 3 channels" in input_in_words(layer, [layer])


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("scale", {"scale": (2, 1)}),
        ("scale", {"scale": (-1, 1)}),
        ("translate", {"translate": (0, 5)}),
        ("rotate", {"rotate": 30}),
        ("shear", {"shear": (0.5,)}),
        ("affine", {"affine": [[1, 0, 3], [0, 1, 0], [0, 0, 1]]}),
        ("units", {"units": ("um", "um")}),
    ],
)
def test_a_layer_that_lies_elsewhere_is_refused_with_what_differs(what, more) -> None:
    here, there = image(name="here"), image(name="there", **more)
    with pytest.raises(ShapeMismatch, match=rf"'there' does not lie on 'here'.*{what}.*untick"):
        choose_channels(here, ["#0", key_of(there)], [here, there])
    assert chosen_channels(here, [here, there]) == ("#0",)


def test_a_layer_that_moves_later_is_noticed() -> None:
    one, two = image(name="a"), image(name="b")
    choose_channels(one, ["#0", key_of(two)], [one, two])
    two.translate = (1, 0)
    with pytest.raises(ShapeMismatch):
        input_source(one, [one, two])


def test_channels_of_another_size_do_not_go_together() -> None:
    with pytest.raises(ShapeMismatch, match="8 x 9"):
        check_aligned(image(), image((9, 8)))


def test_a_layer_with_channels_lies_under_one_without() -> None:
    stack = image((3, 8, 9), "s", axis_labels=("c", "y", "x"), scale=(1, 0.5, 0.5))
    check_aligned(stack, image(scale=(0.5, 0.5)))
    choose_channels(stack, ["#0", "#2", key_of(other := image(scale=(0.5, 0.5)))], [stack, other])
    assert input_source(stack, [stack, other]).channels == 3


def test_other_images_get_the_same_channels_by_name() -> None:
    names = ["a DAPI", "a GFP", "b GFP", "b DAPI", "c DAPI", "d GFP", "d DAPI"]
    images = [image(name=name) for name in names]
    images[5].translate = (3, 3)
    by_name = dict(zip(names, images, strict=True))
    choose_channels(images[0], ["#0", key_of(images[1])], images)
    assert input_layers(by_name["b DAPI"], images) == [by_name["b DAPI"], by_name["b GFP"]]
    assert input_source(by_name["b DAPI"], images).channel_names == ("DAPI", "GFP")
    for alone in ("c DAPI", "d DAPI"):
        assert input_layers(by_name[alone], images) == [by_name[alone]]
    assert beside_others(images) == {key_of(by_name["a GFP"]), key_of(by_name["b GFP"])}


def test_a_layer_that_is_gone_is_no_channel_any_more() -> None:
    one, two = image(name="a"), image(name="b")
    choose_channels(one, ["#0", key_of(two)], [one, two])
    assert chosen_channels(one, [one]) == ("#0",)
    assert input_source(one, [one]).channels == 1


@pytest.mark.parametrize(
    ("shape", "more", "words"),
    [
        ((8, 9), {}, "8 \u00d7 9, grey"),
        ((8, 9, 3), {"rgb": True}, "8 \u00d7 9, RGB"),
        (
            (4, 8, 9),
            {},
            "Guessed: 4 slices of 8 \u00d7 9, grey",
        ),
        (
            (1, 4, 2, 8, 9),
            {
                "axis_labels": ("t", "z", "c", "y", "x"),
                "scale": (3, 2, 1, 0.5, 0.5),
                "units": ("s", "um", "pixel", "um", "um"),
            },
            "1 time point, 4 slices of 8 \u00d7 9, 2 channels, "  # noqa: ISC004
            "2 \u00d7 0.5 \u00d7 0.5 \u00b5m",
        ),
        (
            (8, 9),
            {"scale": (0.25, 0.25), "units": ("nm", "nm")},
            "8 \u00d7 9, grey, 0.25 nm pixels",
        ),
        ((8, 9), {"scale": (0.25, 0.5)}, "8 \u00d7 9, grey, pixel size 0.25 \u00d7 0.5"),
    ],
)
def test_what_an_image_is_taken_for(shape, more, words) -> None:
    layer = image(shape, **more)
    assert input_in_words(layer, [layer]) == words


def test_pixel_sizes_reach_the_engine_in_micrometres() -> None:
    layer = image(scale=(250, 250), units=("nm", "nm"))
    assert input_source(layer, [layer]).axes.spatial_spacing == pytest.approx((0.25, 0.25))
