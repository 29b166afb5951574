"""How a label map came about, told for the very voxels that are saved."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_brats.widgets.provenance import note, provenance_of


@pytest.fixture
def layer() -> Any:
    """All of a layer that counts here."""
    return SimpleNamespace(metadata={})


def labels_of(value: int) -> np.ndarray:
    return np.full((2, 2, 2), value, np.uint8)


def test_undoing_leads_back_to_how_that_label_map_was_made(layer: Any) -> None:
    note(layer, labels_of(1), {"bundle": "tiny", "postprocess": {"threshold_wt": 0.5}})
    note(layer, labels_of(2), {"postprocess": {"threshold_wt": 0.9}})
    assert provenance_of(layer, labels_of(1)) == {
        "bundle": "tiny",
        "postprocess": {"threshold_wt": 0.5},
        "edited_by_hand": False,
    }
    assert provenance_of(layer, labels_of(2))["postprocess"] == {"threshold_wt": 0.9}
    assert provenance_of(layer, labels_of(2))["bundle"] == "tiny"


def test_edits_by_hand_are_told(layer: Any) -> None:
    note(layer, labels_of(1), {"bundle": "tiny"})
    assert provenance_of(layer, labels_of(3)) == {"bundle": "tiny", "edited_by_hand": True}
