"""The ready strokes of the sample images, as a person would paint them in twenty seconds.

Positions are rows and columns of scikit-image's ``coins``, ``cell`` and ``ihc``. The strokes
go where they teach most: across the texture of objects, dim ones too, up to their rims,
through the background between neighbours, and over everything that only looks like an object.
"""

from __future__ import annotations

from napari_unet.data.strokes import Point, Stroke


def _strokes(value: int, radius: float, *paths: tuple[Point, ...]) -> tuple[Stroke, ...]:
    return tuple(Stroke(value, path, radius) for path in paths)


COINS: tuple[Stroke, ...] = _strokes(
    1,
    1.0,
    ((15, 20), (14, 68)),  # bright background, top left
    ((84, 14), (86, 52)),
    ((34, 124), (68, 124)),  # between coins of the first row
    ((82, 306), (84, 344)),
    ((150, 172), (154, 206)),  # dark background between the rows
    ((178, 70), (212, 72)),
    ((240, 81), (278, 83)),  # bright and close to large coins, bottom left
    ((252, 331), (284, 330)),
    ((120, 364), (146, 361)),  # the shadow at the right edge
) + _strokes(
    2,
    1.0,
    ((55, 27), (64, 42), (50, 56)),  # dim coins of the first row
    ((44, 137), (60, 158)),
    ((62, 198), (46, 222)),
    ((45, 310), (58, 330), (40, 345)),
    ((138, 150), (116, 166)),
    ((110, 250), (134, 268)),
    ((186, 32), (208, 48)),
    ((200, 320), (206, 345), (188, 365)),  # the large dim one
    ((262, 23), (276, 46)),
    ((256, 149), (272, 172)),
    ((272, 282), (252, 306)),
    ((266, 341), (258, 368)),
)

CELL: tuple[Stroke, ...] = _strokes(
    1,
    2.0,
    ((40, 60), (70, 160)),
    ((24, 270), (30, 335)),  # the dark blots at the top
    ((86, 250), (88, 300)),
    ((190, 240), (212, 330)),  # ripples
    ((296, 385), (288, 440), (305, 485)),  # the dark halo around the cell
    ((340, 345), (400, 345)),
    ((430, 490), (458, 440), (450, 400)),
    ((426, 175), (434, 205)),  # a speck
    ((560, 100), (590, 210)),
    ((540, 380), (560, 480)),
    ((180, 470), (220, 520)),
    ((330, 520), (400, 530)),
) + _strokes(
    2,
    2.0,
    ((322, 400), (326, 445)),  # along the rim
    ((350, 378), (400, 374), (416, 392)),
    ((428, 420), (420, 455), (390, 480)),
    ((345, 472), (372, 482)),
    ((362, 430), (380, 408)),  # the bright spots inside
    ((400, 412), (388, 445)),
)

IHC: tuple[Stroke, ...] = (
    _strokes(
        1,
        1.8,
        ((340, 12), (372, 32)),  # glass
        ((3, 62), (10, 74)),
        ((60, 304), (112, 328)),  # the lumen
        ((226, 88), (240, 98)),  # pale stroma between nuclei
        ((272, 138), (282, 176)),
        ((390, 208), (410, 206)),
        ((310, 345), (330, 362)),
        ((310, 470), (350, 476)),
        ((400, 450), (436, 446)),
        ((60, 470), (110, 466)),
    )
    + _strokes(
        2,
        1.5,
        ((228, 100), (230, 106)),  # dark nuclei of the stroma
        ((267, 170), (268, 175)),
        ((270, 238), (275, 244)),
        ((350, 186), (362, 189)),
        ((424, 208), (430, 222)),
        ((486, 238), (494, 243)),
        ((310, 440), (324, 441)),
        ((36, 482), (52, 486)),
        ((362, 418), (376, 418)),
        ((262, 62), (270, 66)),  # pale nuclei under the brown stain
        ((304, 98), (308, 116)),
        ((422, 118), (432, 140)),
        ((482, 118), (490, 136)),
        ((190, 10), (198, 7)),
        ((165, 119), (174, 119)),
        ((224, 194), (236, 200)),
        ((112, 418), (108, 426)),
        ((86, 280), (94, 288)),
        ((366, 306), (370, 308)),
        ((360, 338), (361, 346)),
        ((408, 356), (414, 361)),
    )
    + _strokes(
        3,
        1.5,
        ((20, 216), (60, 250)),  # darkest stain
        ((80, 258), (120, 268)),
        ((80, 92), (110, 96)),
        ((70, 196), (96, 218)),
        ((34, 340), (40, 380)),
        ((120, 366), (121, 398)),
        ((220, 382), (246, 396)),
        ((300, 62), (316, 84)),
        ((366, 60), (366, 92)),
        ((404, 92), (412, 116)),
        ((404, 300), (416, 318)),
        ((420, 330), (440, 324)),
        ((324, 300), (330, 314)),
    )
)
