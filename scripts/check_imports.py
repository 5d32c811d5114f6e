"""Hold the layers to the contracts of pyproject.toml (import-linter has no ``python -m``)."""

from __future__ import annotations

import sys

from importlinter.cli import lint_imports

if __name__ == "__main__":
    sys.exit(lint_imports(no_cache=True, no_logo=True))
