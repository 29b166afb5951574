"""Outline brain tumours on multimodal MRI. Research software, not a medical device."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("napari-brats")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"

INTENDED_USE = "Research use only. Not a medical device: not for diagnosis or treatment."
