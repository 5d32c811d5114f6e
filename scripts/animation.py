"""Make the animated picture of the README: paint, look, correct, look again, in a real napari.

Usage: ``python -m scripts.animation [FILE]``; without a screen it makes one (Xvfb).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import minimum_filter

from scripts.window import (
    close_window,
    has_screen,
    only_errors_pop_up,
    open_panel,
    open_window,
    run_on_virtual_screen,
    settle,
    wait_until,
)

if TYPE_CHECKING:
    import napari
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as PlainFont

    from napari_unet.gui.panel import UNetPaint

FILE = Path(__file__).resolve().parents[1] / "docs" / "images" / "conversation.gif"
COINS = Path(__file__).resolve().parents[1] / "benchmarks" / "data" / "coins_mask.png"
WIDTH = 960
CAPTION_HEIGHT = 34
COLOURS = 200
LEARNING_SECONDS = 20.0
PATIENCE_SECONDS = 300.0
GLANCE_MS, LOOK_MS, READ_MS, END_MS = 350, 1400, 2400, 4000
BACKGROUND, COIN = 1, 2
HALF_STROKE = 4
ROOM = (11, 19)
"""Rows and columns around the middle of a short stroke that must lie in one thing."""

Place = tuple[float, float]
"""Row and column."""


def main() -> int:
    """Make the picture; the exit code is 0 when it was made."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    if has_screen():
        Conversation().film.save(path)
    else:
        run_on_virtual_screen("scripts.animation", str(path))
    return 0


class Film:
    """Pictures of a window, each with a caption and a time to look at it.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = viewer
        self._frames: list[Image.Image] = []
        self._milliseconds: list[int] = []
        self._font: FreeTypeFont | PlainFont = ImageFont.load_default(size=19)

    def take(self, caption: str, milliseconds: int) -> None:
        """Add a picture of the window as it is now."""
        settle()
        shot = self._viewer.window.screenshot(canvas_only=False, flash=False)
        window = Image.fromarray(np.asarray(shot)[..., :3])
        height = round(window.height * WIDTH / window.width)
        frame = Image.new("RGB", (WIDTH, height + CAPTION_HEIGHT), "black")
        frame.paste(window.resize((WIDTH, height), Image.Resampling.LANCZOS), (0, CAPTION_HEIGHT))
        middle = (WIDTH / 2, CAPTION_HEIGHT / 2)
        ImageDraw.Draw(frame).text(middle, caption, "white", self._font, anchor="mm")
        self._frames.append(frame)
        self._milliseconds.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write the film; all pictures have the same few colours, which keeps it small."""
        palette = self._common().quantize(COLOURS, Image.Quantize.MEDIANCUT)
        first, *others = (
            frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self._frames
        )
        first.save(
            path,
            save_all=True,
            append_images=others,
            duration=self._milliseconds,
            loop=0,
            optimize=True,
        )

    def _common(self) -> Image.Image:
        """All pictures on one sheet, to choose colours from."""
        width, height = self._frames[0].size
        sheet = Image.new("RGB", (width, height * len(self._frames)))
        for number, frame in enumerate(self._frames):
            sheet.paste(frame, (0, number * height))
        return sheet


class Conversation:
    """Somebody segments coins, from the first stroke to the mask.

    Attributes
    ----------
    film : Film
        What was to be seen.
    """

    def __init__(self) -> None:
        from napari_unet.core.config import TrainConfig
        from napari_unet.data.samples import load_sample
        from napari_unet.gui.advanced_form import AdvancedSettings

        only_errors_pop_up()
        self._viewer = open_window()
        self._viewer.add_image(load_sample("coins").image, name="coins")
        self._panel: UNetPaint = open_panel(self._viewer)
        self._panel.apply(AdvancedSettings(train=TrainConfig(max_seconds=LEARNING_SECONDS)))
        self._state = self._panel.session.state
        self.film, self._before = Film(self._viewer), b""
        self._begin()
        self._paint_and_look()
        self._ask_where_next()
        self._learn_and_predict()
        close_window(self._viewer)

    def _begin(self) -> None:
        self._panel.paint.new_paint()
        self._layer.brush_size = 5
        wait_until(lambda: self._state.device != "", PATIENCE_SECONDS)
        settle(3)
        self.film.take("Open an image. Press New for a layer to paint on.", READ_MS)

    def _paint_and_look(self) -> None:
        self._stroke(BACKGROUND, (88, 120), (90, 200), "Paint a stroke of background ...")
        self._stroke(COIN, (44, 143), (60, 168), "... and one of a coin:")
        self._answered()
        self.film.take("the answer is there at once.", READ_MS)
        self._stroke(BACKGROUND, (10, 20), (22, 110), "Where it is wrong, paint what is right,")
        self._answered()
        self.film.take("and the answer changes.", READ_MS)
        self._stroke(COIN, (254, 34), (268, 60), "Again, with another stroke:")
        self._answered()
        self.film.take("a stroke here and there is enough.", LOOK_MS)

    def _ask_where_next(self) -> None:
        places: list[Any] = []
        self._panel.session.guidance.found.connect(places.append)
        self._panel.next.next_button.click()
        wait_until(lambda: bool(places), PATIENCE_SECONDS)
        self.film.take("Next goes to where the answer is most in doubt.", READ_MS)
        value, start, end = self._clear_stroke(places[-1].centre)
        self._stroke(value, start, end, "Say what it is,")
        self._answered()
        self._panel.next.back_button.click()
        settle(1.5)  # what comes on screen again is answered, too
        self.film.take("and go back.", LOOK_MS)

    def _learn_and_predict(self) -> None:
        self._panel.train.box.button.click()
        self._learned(0.3)
        self.film.take("Train: a network learns from the strokes, in the background.", LOOK_MS)
        self._learned(0.6)
        self.film.take("Its answers appear while it learns. You can paint on.", READ_MS)
        self._learned(1.1)
        self.film.take("Once everything is learned it rests. The next stroke wakes it.", LOOK_MS)
        self._panel.predict.form.button.click()
        wait_until(
            lambda: "coins mask" in self._viewer.layers and not self._state.busy, PATIENCE_SECONDS
        )
        self._layer.visible = False
        self.film.take("Predict: a mask of this image, or of all images that are open.", END_MS)

    def _learned(self, share: float) -> None:
        """Wait until so much of the time for learning is used, or all is learned."""
        from napari_unet.app.state import Phase

        def learned() -> bool:
            over = not self._state.busy or self._state.phase is Phase.RESTING
            return over or (self._state.progress.fraction or 0) > share

        wait_until(learned, PATIENCE_SECONDS)

    # -- a hand and an eye ----------------------------------------------------------------

    @property
    def _layer(self) -> Any:
        return self._panel.paint.paint

    def _stroke(self, value: int, start: Place, end: Place, caption: str) -> None:
        """Paint along a line, pictured half way and at its end."""
        self._layer.selected_label = value
        self._before = self._preview()
        dabs = np.linspace(start, end, 24)
        with self._layer.block_history():
            for number, dab in enumerate(dabs, 1):
                self._layer.paint(tuple(np.round(dab)), value)
                if number == len(dabs) // 2:
                    self.film.take(caption, GLANCE_MS)
        settle(1)  # the panel counts, and says what it thinks of the paint
        self.film.take(caption, LOOK_MS)

    def _answered(self) -> None:
        """Wait for the answer to the last stroke."""
        wait_until(lambda: self._preview() != self._before, PATIENCE_SECONDS)

    def _preview(self) -> bytes:
        """What the answer looks like now; empty before the first one."""
        found = [layer for layer in self._viewer.layers if layer.name == "coins preview"]
        return found[0].data.tobytes() if found and found[0].data.any() else b""

    def _clear_stroke(self, place: Place) -> tuple[int, Place, Place]:
        """A short stroke near a place that lies in one thing only: its value, start and end.

        A stroke that touches a border would say something wrong.
        """
        coins = np.asarray(Image.open(COINS)) > 0
        room = np.maximum(minimum_filter(coins, ROOM), minimum_filter(~coins, ROOM))
        centres = np.argwhere(room)
        row, column = centres[np.abs(centres - np.asarray(place)).sum(1).argmin()]
        value = COIN if coins[row, column] else BACKGROUND
        return value, (row, column - HALF_STROKE), (row, column + HALF_STROKE)


if __name__ == "__main__":
    sys.exit(main())
