"""The window: napari, Qt and magicgui meet the application here."""
