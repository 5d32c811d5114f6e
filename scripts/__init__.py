"""What the Makefile runs; nothing of it is in the installed package."""
