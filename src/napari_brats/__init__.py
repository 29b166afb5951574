"""Outline brain tumours on multimodal MRI. Research software, not a medical device."""

from __future__ import annotations

INTENDED_USE = "Research use only. Not a medical device: not for diagnosis or treatment."


def __getattr__(name: str) -> str:
    """``__version__``, looked up when it is asked for: the reader need not wait for it."""
    if name != "__version__":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("napari-brats")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0.0.0"
