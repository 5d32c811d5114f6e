"""Leica's files, written here as the format has them: a header in XML, then blocks of pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from warnings import catch_warnings, simplefilter
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest

from napari_unet.core.errors import UnreadableImage
from napari_unet.data.files import read_image, scenes_in

pytest.importorskip("bioio_lif", reason="pip install 'napari-unet-paint[formats]'")
pytest.importorskip("liffile")

NUMBERS = {"X": 1, "Y": 2, "Z": 3, "T": 4, "λ": 5}
Sketch = tuple[str, str, np.ndarray, dict[str, float]]
"""Name, axes as in the file, pixels, and the step along axes in metres or seconds."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with catch_warnings():
        simplefilter("ignore")  # of the readers, about themselves
        yield


def described(number: int, sketch: Sketch) -> str:
    """The XML of one image."""
    name, axes, array, steps = sketch
    channels = array.shape[axes.index("C")] if "C" in axes else 1
    stride = dict(zip(axes, array.strides, strict=True))
    wide = "".join(
        f'<ChannelDescription DataType="0" ChannelTag="0" Resolution="{8 * array.itemsize}" '
        f'NameOfMeasuredQuantity="" Min="0" Max="1" Unit="" LUTName="Dye {c}" IsLUTInverted="0" '
        f'BytesInc="{c * stride.get("C", 0)}" BitInc="0"/>'
        for c in range(channels)
    )
    long = "".join(
        f'<DimensionDescription DimID="{NUMBERS[a]}" NumberOfElements="{n}" Origin="0" '
        f'Length="{steps.get(a, 1e-9) * (n - 1)}" Unit="{"s" if a == "T" else "m"}" BitInc="0" '
        f'BytesInc="{stride[a]}"/>'
        for a, n in reversed(list(zip(axes, array.shape, strict=True)))
        if a != "C"
    )
    return (
        f"<Element Name={quoteattr(name)}><Data><Image><ImageDescription><Channels>{wide}"
        f"</Channels><Dimensions>{long}</Dimensions></ImageDescription></Image></Data>"
        f'<Memory Size="{array.nbytes}" MemoryBlockID="MemBlock_{number}"/></Element>'
    )


def lif(path: Path, *sketches: Sketch) -> Path:
    """A file of the second version of the format."""
    inside = "".join(described(number, sketch) for number, sketch in enumerate(sketches))
    xml = (
        '<LMSDataContainerHeader Version="2"><Element Name="Project"><Memory Size="0" '
        f'MemoryBlockID="MemBlock_none"/><Children>{inside}</Children></Element>'
        "</LMSDataContainerHeader>"
    )
    with path.open("wb") as file:
        file.write(struct.pack("<IIBI", 0x70, 2 * len(xml) + 5, 0x2A, len(xml)))
        file.write(xml.encode("utf-16-le"))
        for number, (_, _, array, _) in enumerate(sketches):
            name = f"MemBlock_{number}"
            size = 2 * len(name) + 14
            head = struct.pack("<IIBQBI", 0x70, size, 0x2A, array.nbytes, 0x2A, len(name))
            file.write(head + name.encode("utf-16-le") + array.tobytes())
    return path


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 999, shape, dtype=np.uint16)


def test_ordinary_images_of_other_sizes(tmp_path: Path) -> None:
    stack, plane = pixels(3, 4, 2, 40, 50), pixels(30, 20)
    path = lif(
        tmp_path / "a.lif",
        ("Series001", "TZCYX", stack, {"T": 5, "Z": -2e-6, "Y": 5e-7, "X": 2.5e-7}),
        ("Well/Series002", "YX", plane, {"Y": 1e-6, "X": 1e-6}),
    )
    assert [scene.mark for scene in scenes_in(path)] == ["Series001", "Well_Series002"]
    first = read_image(path)
    assert (first.axes, first.channel_names) == ("TCZYX", ("Dye 0", "Dye 1"))
    assert first.spacing[2:] == pytest.approx((2, 0.5, 0.25))  # the stage went down
    assert first.units[2:] == ("µm",) * 3
    np.testing.assert_array_equal(first.array[1:, 1, 2, 5:20], stack[1:, 2, 1, 5:20])
    [said] = first.notices
    assert "only 'Series001' is used" in said
    second = read_image(f"{path}#1")
    assert (second.axes, second.spacing) == ("YX", pytest.approx((1, 1)))
    np.testing.assert_array_equal(np.asarray(second.array), plane)


def test_sections_along_z_and_spectra_are_read(tmp_path: Path) -> None:
    section, spectrum, turned = pixels(5, 2, 16, 20), pixels(7, 12, 14), pixels(6, 16, 20)
    path = lif(
        tmp_path / "a.lif",
        ("xzt", "TCZX", section, {"T": 0.5, "Z": 2e-7, "X": 1e-7}),
        ("colours", "λYX", spectrum, {"Y": 1e-7, "X": 1e-7}),
        ("xzy", "YZX", turned, {"Z": 3e-7, "Y": 2e-7, "X": 1e-7}),
    )
    first = read_image(path)
    assert (first.axes, first.spacing) == ("TCYX", pytest.approx((0.5, 1, 0.2, 0.1)))
    assert first.notices[0] == "Its planes lie along X and Z; Z is read as Y."
    assert "only 'xzt' is used" in first.notices[1]
    np.testing.assert_array_equal(np.asarray(first.array), section)
    second = read_image(path, scene="colours")
    assert (second.axes, second.address.name) == ("CYX", "a.lif#colours")
    assert second.notices == ("The wavelengths of emission are read as channels.",)
    np.testing.assert_array_equal(np.asarray(second.array), spectrum)
    third = read_image(path, scene=2)
    assert (third.axes, third.spacing) == ("ZYX", pytest.approx((0.3, 0.2, 0.1)))
    np.testing.assert_array_equal(np.asarray(third.array), turned.transpose(1, 0, 2))


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = lif(tmp_path / "line.lif", ("line", "TX", pixels(5, 20), {"T": 1, "X": 1e-7}))
    with pytest.raises(UnreadableImage, match="no image that bioio-lif can read"):
        read_image(path)
    with pytest.raises(UnreadableImage, match=r"no single image '4'"):
        read_image(path, scene=4)
    whole = lif(tmp_path / "a.lif", ("a", "YX", pixels(90, 90), {})).read_bytes()
    (tmp_path / "cut.lif").write_bytes(whole[:300])
    with pytest.raises(UnreadableImage, match=r"cut\.lif"):
        read_image(tmp_path / "cut.lif")
