"""What the tool knows about images, paint and tiles: no torch, no Qt, no napari."""
