"""napari's File > Open Sample: the synthetic case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SAMPLE_CASE_ID = "BraTS-SYN-00000-000"


def sample_directory() -> Path:
    """The folder of sample cases: that of the installed package, else that of the checkout.

    FileNotFoundError if neither is there: the installation is incomplete.
    """
    package = Path(__file__).parent
    for folder in (package / "sample_data", package.parent.parent / "sample_data"):
        if (folder / SAMPLE_CASE_ID).is_dir():
            return folder
    raise FileNotFoundError(
        f"The sample case {SAMPLE_CASE_ID} is missing in {package / 'sample_data'}. "
        f"Reinstall napari-brats, or make it anew: python -m napari_brats.phantom DIR"
    )


def open_sample() -> list[tuple[Any, dict[str, Any], str]]:
    """The synthetic glioma as napari layers: four modalities and the label map."""
    from napari_brats.io.discover import discover
    from napari_brats.io.layers import case_to_layers
    from napari_brats.io.load import load_case

    (files,) = discover(sample_directory() / SAMPLE_CASE_ID)
    return case_to_layers(load_case(files))
