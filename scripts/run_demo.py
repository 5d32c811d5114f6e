"""Open napari with a real sample and the panel docked, ready to train.

Without a screen the same is done on a virtual one: train briefly on the strokes of the sample,
predict, and save a picture of the window.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from scripts.window import (
    close_window,
    has_screen,
    only_errors_pop_up,
    open_panel,
    open_window,
    run_on_virtual_screen,
    save_picture,
    wait_for_job,
)

PICTURE = Path(__file__).parents[1] / "build" / "screenshot.png"
SECONDS = 20.0


def show() -> None:
    """Open the window and leave it to the user."""
    import napari

    open_panel(open_window("coins"))
    napari.run()


def picture(path: Path, seconds: float) -> None:
    """Train, predict and save a picture, by the same controls a user presses."""
    only_errors_pop_up()
    viewer = open_window("coins")
    panel = open_panel(viewer)
    settings = panel.settings()
    panel.apply(replace(settings, train=settings.train.changed(max_seconds=seconds)))
    print(f"training on the coins' strokes for {seconds:.0f} s", flush=True)
    panel.train.start()
    wait_for_job(panel, seconds + 120)
    score = panel.session.state.score
    print(f"score on strokes kept back: {'none' if score is None else f'{score:.2f}'}")
    panel.predict.start()
    wait_for_job(panel, 120)
    print(f"screenshot: {save_picture(viewer, path)}")
    close_window(viewer)


def main() -> None:
    """Show the window if there is a screen, else make a picture of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path, metavar="FILE", help="save a picture, show nothing")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="time to learn for it")
    chosen = parser.parse_args()
    if not has_screen():
        print("no display: the same on a virtual screen, with a picture at the end", flush=True)
        path = str(chosen.picture or PICTURE)
        arguments = ("--picture", path, "--seconds", str(chosen.seconds))
        run_on_virtual_screen("scripts.run_demo", *arguments)
    elif chosen.picture is not None:
        picture(chosen.picture, chosen.seconds)
    else:
        show()


if __name__ == "__main__":
    main()
