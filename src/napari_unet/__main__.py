"""``python -m napari_unet`` is ``unet-paint``."""

from __future__ import annotations

from napari_unet.cli import main

if __name__ == "__main__":
    main()
