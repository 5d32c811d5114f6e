"""Build wheel and sdist as a release would, look inside, and use the wheel from elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "package"
IN_WHEEL = ("napari_unet/napari.yaml", "napari_unet/py.typed", "napari_unet/gui/panel.py")
IN_SDIST = ("constraints.txt", "Makefile", "tests/conftest.py", "docs/architecture.md", "LICENSE")
NOT_SHIPPED = (".venv/", ".git/", "build/", "__pycache__/")

DISCOVER = """
import json, sys
from npe2 import PluginManager
manager = PluginManager.instance()
manager.discover()
found = manager.get_manifest("napari-unet-paint").contributions
import napari_unet
print(json.dumps({
    "file": napari_unet.__file__,
    "widgets": [w.display_name for w in found.widgets or []],
    "samples": [s.key for s in found.sample_data or []],
    "torch": "torch" in sys.modules,
}))
"""


def build() -> tuple[Path, Path]:
    """Build the sdist, and the wheel from the sdist; return both files."""
    shutil.rmtree(WORK, ignore_errors=True)
    command = (sys.executable, "-m", "build", "--no-isolation", "--outdir", str(WORK), str(ROOT))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the build failed:\n{done.stdout}\n{done.stderr}")
    [wheel], [sdist] = WORK.glob("*.whl"), WORK.glob("*.tar.gz")
    return wheel, sdist


def look_inside(wheel: Path, sdist: Path) -> list[str]:
    """Return what is wrong with the two files' contents."""
    with zipfile.ZipFile(wheel) as archive:
        shipped = archive.namelist()
    with tarfile.open(sdist) as archive:
        source = [name.partition("/")[2] for name in archive.getnames()]
    tracked = (ROOT / "src" / "napari_unet" / "weights").glob("*.safetensors")
    weights = [f"napari_unet/weights/{path.name}" for path in tracked]
    wrong = [f"{name} is not in the wheel" for name in (*IN_WHEEL, *weights) if name not in shipped]
    wrong += [f"{name} is not in the sdist" for name in IN_SDIST if name not in source]
    wrong += [f"{n} is shipped" for n in (*shipped, *source) if any(b in n for b in NOT_SHIPPED)]
    tops = {name.split("/")[0].split("-")[0] for name in shipped}
    if tops != {"napari_unet", "napari_unet_paint"}:
        wrong.append(f"the wheel has more than the package at its top: {sorted(tops)}")
    return wrong


def use(wheel: Path) -> list[str]:
    """Install the wheel on its own and return what does not work there."""
    site = WORK / "site"
    pip = (sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-index")
    subprocess.run((*pip, "--target", str(site), str(wheel)), check=True)
    # In front of the editable install, whose dependencies it borrows.
    run = {"env": {**os.environ, "PYTHONPATH": str(site)}, "cwd": WORK, "text": True}
    found = json.loads(subprocess.check_output((sys.executable, "-c", DISCOVER), **run))
    info = (sys.executable, "-m", "napari_unet", "info", "classic-transpose", "--json")
    card = json.loads(subprocess.check_output(info, **run))
    wrong = []
    if not Path(found["file"]).is_relative_to(site):
        wrong.append(f"another package was imported: {found['file']}")
    if found["widgets"] != ["U-Net Paint"] or not found["samples"] or found["torch"]:
        wrong.append(f"the manifest of the wheel is not as it should be: {found}")
    if 31_031_745 not in card.values():
        wrong.append(f"the command line does not know the preset's parameters: {card}")
    return wrong


def main() -> int:
    """Print what was built and what is wrong with it; return 1 if anything is."""
    wheel, sdist = build()
    wrong = look_inside(wheel, sdist) + use(wheel)
    for path in (wheel, sdist):
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    for row in wrong:
        print(f"wrong: {row}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
