"""Channels from several places: read lazily, in the order asked for, matched with a model's."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.axes import AxesSpec
from napari_unet.core.channel_names import groups, known_as, short_names
from napari_unet.core.channel_stack import ChannelStack, Plane
from napari_unet.core.channels import KnownChannels, join_channels, match_channels, pick_channels
from napari_unet.core.errors import AxesError, ChannelMismatch, ShapeMismatch
from napari_unet.core.normalize import fit_normalisation
from napari_unet.core.source import ImageSource

RANDOM = np.random.default_rng(0)


def source(axes: str, shape: tuple[int, ...], name: str = "im", names=()) -> ImageSource:
    array = RANDOM.integers(0, 200, shape).astype(np.uint8)
    return ImageSource(array, AxesSpec(axes), name, names)


@given(st.data())
def test_a_stack_reads_what_the_whole_array_would(data: st.DataObject) -> None:
    block = RANDOM.integers(0, 9, (4, 3, 5, 6))
    single = RANDOM.integers(0, 9, (3, 5, 6))
    whole = np.stack([block[2], block[3], single, block[0]])
    axis = data.draw(st.integers(0, 3))
    moved = np.moveaxis(block, 0, 1)
    planes = [Plane(moved, 1, 2), Plane(moved, 1, 3), Plane(single), Plane(block, 0, 0)]
    stack = ChannelStack(planes, axis)
    wanted = np.moveaxis(whole, 0, axis)
    assert stack.shape == wanted.shape
    index = tuple(
        data.draw(st.integers(0, n - 1) | st.slices(n).filter(lambda s: (s.step or 1) > 0))
        for n in wanted.shape
    )
    assert np.array_equal(stack[index], wanted[index])
    assert np.array_equal(np.asarray(stack), wanted)
    assert np.array_equal(stack[..., 0], wanted[..., 0])


def test_nothing_but_the_box_is_read() -> None:
    read: list[object] = []

    class Noted:
        shape, dtype = (100, 200), np.dtype(np.uint8)

        def __getitem__(self, index: object) -> np.ndarray:
            read.append(index)
            return np.zeros((100, 200), np.uint8)[index]

    joined = join_channels(
        [ImageSource(Noted(), AxesSpec("YX")), ImageSource(da.zeros((100, 200)), AxesSpec("YX"))],
        "both",
    )
    box = (slice(3, 5), slice(7, 11))
    assert joined.read(0, box).shape == (2, 2, 4)
    assert read == [box]


@pytest.mark.parametrize("axes", ["CYX", "YXC", "TCYX", "ZYXC", "CTZYX"])
def test_a_subset_keeps_everything_but_the_channels(axes) -> None:
    shape = tuple(range(4, 4 + len(axes)))
    image = source(axes, shape)
    few = pick_channels(image, [2, 0])
    assert few.axes == image.axes
    assert few.channels == 2
    for sample in range(image.samples):
        assert np.array_equal(few.read(sample), image.read(sample)[[2, 0]])


def test_channels_are_picked_by_name_or_number_and_others_are_refused() -> None:
    image = source("CYX", (3, 8, 8), names=("DAPI", "GFP", "mCherry"))
    few = pick_channels(image, ["mcherry", "0"])
    assert few.channel_names == ("mCherry", "DAPI")
    assert np.array_equal(few.read(0), image.read(0)[[2, 0]])
    for wrong in (["Cy5"], [3], [-1], ["1.5"]):
        with pytest.raises(ChannelMismatch, match="DAPI"):
            pick_channels(image, wrong)
    with pytest.raises(ChannelMismatch, match="at least one"):
        pick_channels(image, [None])


def test_a_missing_channel_is_mid_grey_whatever_the_intensities() -> None:
    image = source("YX", (40, 40))
    both = pick_channels(image, [None, 0])
    block = fit_normalisation(both).apply(both.read(0))
    assert both.axes.axes == "CYX"
    assert not block[0].any()
    assert np.allclose(block[1], fit_normalisation(image).apply(image.read(0))[0])


def test_images_that_do_not_cover_the_same_pixels_are_not_joined() -> None:
    with pytest.raises(ShapeMismatch, match=r"'b'.*Untick"):
        join_channels([source("YX", (8, 8), "a"), source("YX", (8, 9), "b")], "both")
    with pytest.raises(ShapeMismatch, match="TYX"):
        join_channels([source("ZYX", (3, 8, 8)), source("TYX", (3, 8, 8))], "both")


def test_one_name_for_each_channel() -> None:
    with pytest.raises(AxesError, match="one name for each"):
        source("CYX", (3, 8, 8), names=("DAPI",))


def known(*names: str, count: int | None = None, spared: bool = False) -> KnownChannels:
    return KnownChannels(len(names) if count is None else count, names, spared)


def test_names_decide_order_and_subset() -> None:
    image = source("CYX", (3, 8, 8), names=("s1 GFP", "s1 DAPI", "s1 Cy5"))
    found, said = match_channels(known("DAPI", "GFP"), image)
    assert np.array_equal(found.read(0), image.read(0)[[1, 0]])
    assert "s1 DAPI, s1 GFP" in said
    same, said = match_channels(known("GFP", "DAPI", "Cy5"), image)
    assert same is image
    assert said == ""


def test_other_channels_in_the_same_number_are_taken_with_a_sentence() -> None:
    image = source("CYX", (2, 8, 8), names=("A", "B"))
    found, said = match_channels(known("DAPI", "GFP"), image)
    assert found is image
    assert "DAPI, GFP" in said
    assert match_channels(known(count=2), image) == (image, "")


def test_a_missing_channel_is_let_pass_with_what_to_expect() -> None:
    image = source("YX", (8, 8), names=("plate 3 GFP",))
    found, said = match_channels(known("DAPI", "GFP", spared=True), image)
    assert found.channels == 2
    assert np.isnan(found.read(0)[0]).all()
    assert np.array_equal(found.read(0)[1], image.read(0)[0])
    assert "lacks DAPI" in said
    assert "learned to do without" in said
    assert "do not expect much" in match_channels(known("DAPI", "GFP"), image)[1]
    with pytest.raises(ChannelMismatch, match="add the layers"):
        match_channels(known(count=2), image)


def test_too_many_channels_without_names_are_refused_with_what_to_do() -> None:
    with pytest.raises(ChannelMismatch, match="only 2 of these"):
        match_channels(known(count=2), source("CYX", (3, 8, 8)))


def test_images_that_are_learned_from_together_have_their_channels_in_one_order() -> None:
    from napari_unet.core.annotations import AnnotatedImage, ClassMap
    from napari_unet.core.dataset import build_training_set
    from napari_unet.core.paint_reading import annotate, read_paint

    sources = [
        source("CYX", (2, 8, 8), "a", ("DAPI", "GFP")),
        source("CYX", (2, 8, 8), "b", ("GFP", "DAPI")),
        source("CYX", (2, 8, 8), "c", ("red", "green")),
    ]
    paint = np.zeros((8, 8), np.uint8)
    paint[1, :3], paint[5, :3] = 1, 2
    annotated = []
    for one in sources:
        reading = read_paint(paint, one.array, one.axes, mode="strokes")
        annotated.append(
            AnnotatedImage(one, annotate(paint, one.axes, (2, 8, 8), reading), one.name)
        )
    images = build_training_set(annotated, ClassMap((1, 2))).images
    assert images[0].source is sources[0]
    assert np.array_equal(images[1].source.read(0), sources[1].read(0)[::-1])
    assert images[2].source is sources[2]


def test_one_channel_needs_no_name() -> None:
    image = source("YX", (8, 8), names=("cells",))
    assert match_channels(known("coins"), image) == (image, "")


def test_colours_are_told_from_channels() -> None:
    assert source("YXC", (8, 8, 3)).colour
    assert not source("CYX", (3, 8, 8)).colour
    assert not pick_channels(source("YXC", (8, 8, 3)), [0, 1]).colour


def test_short_names() -> None:
    assert short_names(["C1-plate.tif", "C2-plate.tif"]) == ("C1", "C2")
    assert short_names(["DAPI [1]", "GFP [1]"]) == ("DAPI", "GFP")
    assert short_names(["same", "same"]) == ("same", "same")
    assert short_names(["a", "a b"]) == ("a", "a b")
    assert short_names(["only"]) == ("only",)


def test_layers_of_other_images_are_found_by_the_names_of_their_channels() -> None:
    names = {"1": "DAPI", "2": "GFP", "3": "DAPI [1]", "4": "GFP [1]", "5": "GFP [2]", "6": "x"}
    assert groups(names, ("GFP", "DAPI")) == [("2", "1"), ("4", "3")]
    assert known_as("dapi 7", ("DAPI", "GFP")) == "DAPI"
    assert known_as("DAPI GFP", ("DAPI", "GFP")) == "DAPI GFP"
