"""The devices of this machine for a drop-down."""

from __future__ import annotations

from napari_brats.core.progress import Job, Progress
from napari_brats.widgets.choice_box import Choice


def find_devices() -> Job[list[Choice]]:
    """The devices of this machine as entries of a drop-down, `auto` first; imports torch."""
    yield Progress(0, 1, "Looking for devices")
    from napari_brats.inference.devices import available_devices, describe_device

    choices = [Choice(name, describe_device(name)) for name in available_devices()]
    return [Choice("auto", f"auto: {choices[0].title}", "The fastest device here"), *choices]
