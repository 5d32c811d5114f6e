"""Images from outside: files, samples and the coloured discs of the demonstration."""
