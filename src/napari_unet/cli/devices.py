"""``unet-paint devices``: what this computer can train and predict on."""

from __future__ import annotations

from rich.table import Table

from napari_unet.cli.options import AsJson, Debug
from napari_unet.cli.report import Report


def devices(as_json: AsJson = False, debug: Debug = False) -> None:
    """List the devices that --device can choose; the first is what auto takes."""
    del debug
    from napari_unet.learn.devices import list_devices

    found = list_devices()
    table = Table("name", "device", box=None, header_style="bold")
    for device in found:
        table.add_row(device.name, device.words)
    data = {"devices": [{"name": device.name, "words": device.words} for device in found]}
    Report(quiet=False, as_json=as_json).result(data, table)
