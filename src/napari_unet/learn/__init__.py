"""The network and everything that needs torch."""
