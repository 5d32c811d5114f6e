"""What the plugin does, without how it looks: no Qt, and no torch at import."""
