"""Images come in with what their files say, and labels go out beside them."""

from __future__ import annotations

from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_unet.core.errors import (
    AxesError,
    OutputExists,
    ShapeMismatch,
    UNetError,
    UnreadableImage,
)
from napari_unet.data.files import (
    check_output,
    read_image,
    read_labels,
    replacing,
    write_labels,
    write_probabilities,
)

RNG = np.random.default_rng(0)


def imagej_stack(path: Path, channels: int = 0) -> np.ndarray:
    shape = (3, 4, channels, 20, 24) if channels else (3, 4, 20, 24)
    array = RNG.integers(0, 60000, shape, dtype=np.uint16)
    about = {
        "axes": "TZCYX" if channels else "TZYX",
        "unit": "um",
        "spacing": 1.5,
        "finterval": 20.0,
    }
    tifffile.imwrite(path, array, imagej=True, resolution=(4.0, 2.0), metadata=about)
    return array


def ome_stack(path: Path) -> np.ndarray:
    array = RNG.integers(0, 255, (2, 5, 16, 18), dtype=np.uint8)
    about = {
        "axes": "CZYX",
        "PhysicalSizeX": 0.25,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": 0.25,
        "PhysicalSizeYUnit": "nm",
        "PhysicalSizeZ": 2.0,
    }
    tifffile.imwrite(path, array, ome=True, metadata=about)
    return array


def test_imagej_axes_pixel_size_and_units_are_read(tmp_path: Path) -> None:
    array = imagej_stack(tmp_path / "a.tif", channels=2)
    loaded = read_image(tmp_path / "a.tif")
    assert np.array_equal(loaded.array, array)
    assert (loaded.axes, loaded.kind) == ("TZCYX", "imagej")
    assert loaded.spacing == pytest.approx((20, 1.5, 1, 0.5, 0.25))
    assert loaded.units == ("s", "µm", "pixel", "µm", "µm")
    assert loaded.spec().label_axes == "TZYX"


def test_ome_axes_pixel_size_and_units_are_read(tmp_path: Path) -> None:
    array = ome_stack(tmp_path / "a.ome.tif")
    loaded = read_image(tmp_path / "a.ome.tif")
    assert np.array_equal(loaded.array, array)
    assert (loaded.axes, loaded.kind) == ("CZYX", "ome")
    assert loaded.spacing == (1, 2.0, 0.25, 0.25)
    assert loaded.units == ("pixel", "µm", "nm", "nm")


@pytest.mark.parametrize("channels", [0, 2])
def test_imagej_labels_keep_axes_pixel_size_and_units(tmp_path: Path, channels: int) -> None:
    imagej_stack(tmp_path / "a.tif", channels)
    source = read_image(tmp_path / "a.tif")
    labels = RNG.integers(0, 3, (3, 4, 20, 24))
    write_labels(tmp_path / "out.tif", labels, source)
    back = read_labels(tmp_path / "out.tif")
    assert np.array_equal(back.array, labels)
    assert back.array.dtype == np.uint8
    assert (back.axes, back.kind) == ("TZYX", "imagej")
    assert back.spacing == pytest.approx((20, 1.5, 0.5, 0.25))
    assert back.units == ("s", "µm", "µm", "µm")


@pytest.mark.parametrize("name", ["out.ome.tif", "out.tif"])
def test_ome_labels_keep_axes_pixel_size_and_units(tmp_path: Path, name: str) -> None:
    ome_stack(tmp_path / "a.ome.tif")
    source = read_image(tmp_path / "a.ome.tif")
    labels = RNG.integers(0, 70000, (5, 16, 18))
    write_labels(tmp_path / name, labels, source)
    back = read_labels(tmp_path / name)
    assert np.array_equal(back.array, labels)
    assert (back.axes, back.kind, back.array.dtype) == ("ZYX", "ome", np.uint32)
    assert back.spacing == (2.0, 0.25, 0.25)
    assert back.units == ("µm", "nm", "nm")


def test_labels_too_many_for_imagej_become_ome(tmp_path: Path) -> None:
    imagej_stack(tmp_path / "a.tif")
    labels = np.full((3, 4, 20, 24), 70000)
    write_labels(tmp_path / "out.tif", labels, read_image(tmp_path / "a.tif"))
    back = read_labels(tmp_path / "out.tif")
    assert (back.kind, int(back.array.max())) == ("ome", 70000)
    assert back.spacing == pytest.approx((20, 1.5, 0.5, 0.25))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    axes=st.permutations("TPZ").flatmap(
        lambda letters: st.integers(0, 3).map(lambda n: "".join(letters[:n]) + "YX")
    ),
    most=st.sampled_from([1, 255, 256, 65535, 65536]),
)
def test_plain_labels_round_trip(tmp_path: Path, axes: str, most: int) -> None:
    shape = tuple(range(3, 3 + len(axes)))
    source_file = tmp_path / "a.tif"
    values = np.ones(shape, np.float32)
    tifffile.imwrite(source_file, values, photometric="minisblack", metadata={"axes": axes})
    labels = np.zeros(shape, np.int64)
    labels.flat[-1] = most
    write_labels(tmp_path / "out.tif", labels, read_image(source_file), overwrite=True)
    back = read_labels(tmp_path / "out.tif")
    assert np.array_equal(back.array, labels)
    assert back.axes == axes
    assert back.array.dtype == np.min_scalar_type(most)


def test_plain_tiff_in_centimetres_keeps_its_pixel_size(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", np.ones((6, 7), np.uint8), resolution=(20000, 10000), resolutionunit=3
    )
    source = read_image(tmp_path / "a.tif")
    assert source.spacing == pytest.approx((1.0, 0.5))
    assert source.units == ("µm", "µm")
    write_labels(tmp_path / "out.tif", source.array, source)
    assert read_labels(tmp_path / "out.tif").spacing == pytest.approx((1.0, 0.5))


def test_print_resolution_is_carried_over_and_is_no_pixel_size(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", np.ones((6, 7), np.uint8), resolution=(300, 150), resolutionunit=2
    )
    source = read_image(tmp_path / "a.tif")
    assert source.units == ("pixel", "pixel")
    write_labels(tmp_path / "out.tif", source.array, source)
    assert read_image(tmp_path / "out.tif").dots_per_inch == (300, 150)


def test_colour_is_channels(tmp_path: Path) -> None:
    array = RNG.integers(0, 255, (9, 8, 3), dtype=np.uint8)
    iio.imwrite(tmp_path / "a.png", array)
    tifffile.imwrite(tmp_path / "a.tif", array)
    for name in ("a.png", "a.tif"):
        loaded = read_image(tmp_path / name)
        assert np.array_equal(loaded.array, array)
        assert (loaded.axes, loaded.notices) == ("YXC", ())


def test_opacity_is_left_out_with_a_notice(tmp_path: Path) -> None:
    array = RNG.integers(0, 255, (9, 8, 4), dtype=np.uint8)
    iio.imwrite(tmp_path / "a.png", array)
    tifffile.imwrite(tmp_path / "a.tif", array)
    for name in ("a.png", "a.tif"):
        loaded = read_image(tmp_path / name)
        assert np.array_equal(loaded.array, array[..., :3])
        assert loaded.axes == "YXC"
        assert "opacity" in loaded.notices[0]


def test_four_channels_that_are_no_colour_are_kept(tmp_path: Path) -> None:
    array = RNG.integers(0, 255, (4, 9, 8), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="minisblack", metadata={"axes": "CYX"})
    loaded = read_image(tmp_path / "a.tif")
    assert (loaded.axes, loaded.array.shape) == ("CYX", (4, 9, 8))


def test_grey_with_opacity(tmp_path: Path) -> None:
    grey = RNG.integers(0, 255, (9, 8), dtype=np.uint8)
    Image.fromarray(grey).convert("LA").save(tmp_path / "a.png")
    loaded = read_image(tmp_path / "a.png")
    assert np.array_equal(loaded.array, grey)
    assert loaded.axes == "YX"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_png_keeps_its_bits(tmp_path: Path, dtype: type) -> None:
    array = RNG.integers(0, np.iinfo(dtype).max, (9, 8), dtype=dtype)
    iio.imwrite(tmp_path / "a.png", array)
    loaded = read_image(tmp_path / "a.png")
    assert loaded.array.dtype == dtype
    assert np.array_equal(loaded.array, array)


def test_a_palette_is_colours_in_an_image_and_numbers_in_paint(tmp_path: Path) -> None:
    numbers = RNG.integers(0, 3, (9, 8), dtype=np.uint8)
    picture = Image.fromarray(numbers).convert("P")
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    picture.save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").array.shape == (9, 8, 3)
    paint = read_labels(tmp_path / "a.png")
    assert (paint.axes, paint.array.tolist()) == ("YX", numbers.tolist())


def test_paint_saved_as_grey_colours_or_whole_fractions_is_understood(tmp_path: Path) -> None:
    numbers = RNG.integers(0, 3, (9, 8), dtype=np.uint8)
    iio.imwrite(tmp_path / "a.png", np.stack([numbers] * 3, axis=-1))
    tifffile.imwrite(tmp_path / "a.tif", numbers.astype(np.float32))
    for name in ("a.png", "a.tif"):
        paint = read_labels(tmp_path / name)
        assert (paint.axes, paint.array.tolist()) == ("YX", numbers.tolist())


@pytest.mark.parametrize("what", ["colours", "fractions"])
def test_colours_and_fractions_are_no_paint(tmp_path: Path, what: str) -> None:
    values = {
        "colours": RNG.integers(0, 255, (9, 8, 3), dtype=np.uint8),
        "fractions": RNG.random((9, 8)).astype(np.float32),
    }
    tifffile.imwrite(tmp_path / "a.tif", values[what])
    with pytest.raises(UnreadableImage, match=r"a\.tif is not a layer of paint"):
        read_labels(tmp_path / "a.tif")


def test_one_bit_is_zero_and_one(tmp_path: Path) -> None:
    mask = RNG.random((9, 8)) > 0.5
    Image.fromarray(mask).save(tmp_path / "a.png")
    loaded = read_labels(tmp_path / "a.png")
    assert loaded.array.dtype == np.uint8
    assert np.array_equal(loaded.array, mask)


def test_an_axis_without_a_name_is_read_as_z_and_said(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 30, 40), np.uint16))
    loaded = read_image(tmp_path / "a.tif")
    assert loaded.axes == "ZYX"
    assert "length 5" in loaded.notices[0]
    assert read_image(tmp_path / "a.tif", axes="TYX").axes == "TYX"


def test_axes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    iio.imwrite(tmp_path / "a.png", np.zeros((5, 6), np.uint8))
    with pytest.raises(AxesError, match=r"a\.png has 2 axes"):
        read_image(tmp_path / "a.png", axes="TYX")


def test_only_the_first_of_several_images_is_read_and_that_is_said(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(np.zeros((5, 6), np.uint8))
        file.write(np.ones((7, 8), np.uint8))
    loaded = read_image(tmp_path / "a.tif")
    assert loaded.array.shape == (5, 6)
    assert "2 images" in loaded.notices[0]


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.xyz"])
def test_what_is_no_image_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not an image")
    with pytest.raises(UnreadableImage, match=name):
        read_image(tmp_path / name)


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    imagej_stack(tmp_path / "a.tif")
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "b.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableImage, match=r"b\.tif"):
        read_image(tmp_path / "b.tif")


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="no file"):
        read_image(tmp_path / "nothing.tif")
    with pytest.raises(UnreadableImage, match="folder"):
        read_image(tmp_path)


def test_complex_numbers_are_no_image(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 6), np.complex64))
    with pytest.raises(UnreadableImage, match="complex64"):
        read_image(tmp_path / "a.tif")


# -- writing ------------------------------------------------------------------------------


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    iio.imwrite(tmp_path / "photo.png", RNG.integers(0, 255, (9, 8, 3), dtype=np.uint8))
    return tmp_path / "photo.png"


@pytest.mark.parametrize(("most", "dtype"), [(3, np.uint8), (300, np.uint16)])
def test_labels_of_a_picture_as_png(photo: Path, most: int, dtype: type) -> None:
    labels = RNG.integers(0, most, (9, 8))
    labels[0, 0] = most
    out = photo.with_name("out.png")
    write_labels(out, labels, read_image(photo))
    back = read_labels(out)
    assert np.array_equal(back.array, labels)
    assert back.array.dtype == dtype


def test_a_png_cannot_hold_a_stack(tmp_path: Path) -> None:
    imagej_stack(tmp_path / "a.tif")
    with pytest.raises(UNetError, match=r"\.tif"):
        write_labels(
            tmp_path / "out.png", np.zeros((3, 4, 20, 24), int), read_image(tmp_path / "a.tif")
        )
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


def test_an_existing_file_stays_unless_it_may_be_overwritten(photo: Path) -> None:
    out = photo.with_name("out.tif")
    out.write_text("precious")
    source = read_image(photo)
    with pytest.raises(OutputExists, match="exists"):
        write_labels(out, np.zeros((9, 8), int), source)
    assert out.read_text() == "precious"
    write_labels(out, np.ones((9, 8), int), source, overwrite=True)
    assert read_labels(out).array.all()


def test_the_input_is_never_overwritten(photo: Path) -> None:
    before = photo.read_bytes()
    link = photo.with_name("link.png")
    link.symlink_to(photo)
    for out in (photo, link, photo.parent / "." / "photo.png"):
        with pytest.raises(OutputExists, match="input itself"):
            write_labels(out, np.zeros((9, 8), int), read_image(photo), overwrite=True)
    assert photo.read_bytes() == before


def test_labels_of_another_shape_are_refused(photo: Path) -> None:
    with pytest.raises(ShapeMismatch, match=r"\(9, 8\)"):
        write_labels(photo.with_name("out.tif"), np.zeros((8, 9), int), read_image(photo))


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UNetError, match=r"\.tif"):
        check_output(tmp_path / "out.jpg", [], overwrite=False)


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    def write_half() -> None:
        with replacing(tmp_path / "new" / "out.tif") as unfinished:
            unfinished.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert list((tmp_path / "new").iterdir()) == []


def test_probabilities_are_channels(tmp_path: Path) -> None:
    imagej_stack(tmp_path / "a.tif", channels=2)
    chances = RNG.random((3, 3, 4, 20, 24)).astype(np.float32)
    write_probabilities(tmp_path / "out.tif", chances, read_image(tmp_path / "a.tif"))
    back = read_image(tmp_path / "out.tif")
    assert (back.axes, back.kind) == ("TZCYX", "imagej")
    assert np.array_equal(np.moveaxis(back.array, 2, 0), chances)
    assert back.spacing == pytest.approx((20, 1.5, 1, 0.5, 0.25))
