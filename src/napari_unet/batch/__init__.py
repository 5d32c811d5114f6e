"""Many image files, one after the other: what the window and the shell have in common."""
