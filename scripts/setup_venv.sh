#!/bin/sh
# Make .venv with the tested set of packages and this project in it; quick when nothing changed.
set -eu

python=${PYTHON3:-python3}
stamp=.venv/.ready
state=$(printf '%s\n' "$PWD" | cat - pyproject.toml constraints.txt scripts/setup_venv.sh | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$state" ]; then
    exit 0
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "setup: Python 3.11 or newer is needed; name one with PYTHON3=/path/to/python3 make ..."
    exit 1
fi

# A venv copied from elsewhere still points there, so it is made anew.
if ! head -n 1 .venv/bin/pip 2>/dev/null | grep -qF "$PWD/.venv/"; then
    echo "setup: making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }

echo "setup: installing the tested set of packages (constraints.txt); the first time takes minutes"
pip install -qq --upgrade "$(grep '^pip==' constraints.txt)"
if ! .venv/bin/python -c 'import torch' 2>/dev/null && [ "$(uname -s)" = Linux ]; then
    echo "setup: torch from PyPI may bring CUDA, several GB; for the CPU alone set" \
        "PIP_INDEX_URL or PIP_FIND_LINKS to where CPU builds are"
fi
# Torch first: asked for by its exact version it is the build pip is configured for.
pip install -qq -c constraints.txt "$(grep '^torch==' constraints.txt)"
pip install -qq -c constraints.txt -e '.[pyqt5]' --group dev
printf '%s\n' "$state" >"$stamp"
echo "setup: ready"
