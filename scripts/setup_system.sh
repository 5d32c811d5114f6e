#!/bin/sh
# Install the Debian packages that are missing: what Qt and OpenGL link to, a screen for
# machines without one, and Python's venv. Says what it does; does nothing when all is there.
set -eu

[ "$(uname -s)" = Linux ] || exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "setup: this is no Debian or Ubuntu; Qt's xcb libraries, OpenGL and Xvfb are up to you"
    exit 0
fi

wanted="
libgl1 libegl1 libopengl0 libgl1-mesa-dri
libglib2.0-0 libdbus-1-3 libfontconfig1 fonts-dejavu-core
libx11-xcb1 libxkbcommon0 libxkbcommon-x11-0
libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1
xvfb
"
command -v python3 >/dev/null || wanted="$wanted python3"
python3 -c 'import ensurepip, venv' 2>/dev/null || wanted="$wanted python3-venv"

# Debian renamed some libraries (libglib2.0-0t64); either name will do.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
missing=""
for package in $wanted; do
    printf '%s\n' "$installed" | grep -qxE "$package(t64)?" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "setup: these system packages are missing; please install them and try again:"
    echo "    sudo apt-get update && sudo apt-get install --no-install-recommends$missing"
    exit 1
fi
echo "setup: installing system packages:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # a list of names
apt-get install -qq -y --no-install-recommends $missing >/dev/null
echo "setup: system packages installed"
