"""What several drawn kinds share: strokes, stamps, tissue, soil, walls, stains and the like."""
