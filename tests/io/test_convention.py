"""Which convention is inferred, from values, naming and the images, on arrays made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.errors import LabelError
from napari_brats.core.labels import CONVENTIONS, disk_to_labels
from napari_brats.io.convention import infer_convention


@pytest.mark.parametrize(
    ("values", "hint", "expected"),
    [
        ({0, 1, 2, 4}, None, "brats2021"),
        ({4}, None, "brats2021"),
        ({0, 1, 2, 3}, None, "brats2023"),
        ({0, 1, 2}, None, "brats2023"),
        ({0, 1, 2}, "brats2021", "brats2021"),
        ({0, 1, 2}, "msd", "msd"),
        ({1, 2, 3}, "msd", "msd"),
        ({1, 2, 3, 4}, None, "brats2024-post"),
        ({1, 2, 3, 4}, "brats2013", "brats2013"),
        ({1, 2, 3, 4}, "brats2024-ped", "brats2024-ped"),
        ({1, 2, 3}, "brats2021", "brats2023"),  # the naming's own convention has no 3
        ({1, 2, 4}, "brats2023", "brats2021"),  # nor this one a 4
        ({0}, "brats2021", "brats2021"),
        (set(), None, "brats2023"),
    ],
)
def test_values_and_naming(values: set[int], hint: str | None, expected: str) -> None:
    convention, reason = infer_convention(values, hint, "a naming")
    assert convention.name == expected
    assert reason
    assert ("named as a naming" in reason) == (hint == expected)


def test_values_no_convention_knows_are_left_to_the_label_error() -> None:
    convention, reason = infer_convention({1, 7}, "msd", "MSD Task01")
    assert (convention.name, "1, 7" in reason) == ("msd", True)
    with pytest.raises(LabelError, match="7"):
        disk_to_labels(np.array([1, 7]), convention)


def test_the_reason_names_what_would_fit_too() -> None:
    _, reason = infer_convention({1, 2}, None, "unknown")
    assert "values 1, 2" in reason
    assert "'brats2021'" in reason


def onion(outer: int, middle: int, core: int) -> np.ndarray:
    """A cube in a cube in a cube: edges of 24, 16 and 8 voxels."""
    disk = np.zeros((32, 32, 32), np.uint8)
    disk[4:28, 4:28, 4:28] = outer
    disk[8:24, 8:24, 8:24] = middle
    disk[12:20, 12:20, 12:20] = core
    return disk


def images(disk: np.ndarray, enhancing: int) -> dict[str, np.ndarray]:
    """Textured T1N and T1C that differ only where ``disk`` is ``enhancing``: bright on T1C."""
    texture = (np.arange(disk.size) % 97).reshape(disk.shape) + 100.0
    t1c = texture + np.where(disk == enhancing, 300.0, 0.0)
    return {"t1n": texture, "t1c": t1c, "disk": disk}


# the shells from outside in are oedema, enhancing tumour, necrosis
@pytest.mark.parametrize(
    ("values", "enhancing", "expected"),
    [
        ((2, 4, 1), 4, "brats2021"),
        ((2, 3, 1), 3, "brats2023"),
        ((1, 3, 2), 3, "msd"),
        ((4, 1, 2), 1, "brats2024-ped"),
        ((2, 4, 3), 4, "brats2013"),
    ],
)
def test_the_images_tell_without_any_naming(
    values: tuple[int, int, int], enhancing: int, expected: str
) -> None:
    disk = onion(*values)
    convention, reason = infer_convention(set(values), None, "unknown", **images(disk, enhancing))
    assert convention.name == expected
    assert f"label {enhancing} takes up contrast" in reason


def test_four_that_enhances_is_no_cavity_whatever_the_naming_says() -> None:
    disk = onion(2, 4, 1)
    seen = images(disk, enhancing=4)
    assert infer_convention({1, 2, 4}, "brats2024-post", "x", **seen)[0].name == "brats2021"
    assert infer_convention({1, 2, 4}, "brats2024-post", "x")[0].name == "brats2024-post"


def test_naming_wins_over_the_order_of_1_and_2_but_the_doubt_is_told() -> None:
    convention, reason = infer_convention({1, 2}, "brats2021", "BraTS 2021", disk=onion(1, 2, 2))
    assert convention.name == "brats2021"
    assert "label 1 lies outside label 2" in reason


def test_where_nothing_enhances_the_images_do_not_count() -> None:
    disk = onion(2, 1, 1)
    convention, reason = infer_convention({1, 2}, None, "unknown", **images(disk, enhancing=9))
    assert (convention.name, "contrast" in reason) == ("brats2023", False)


def test_evidence_of_another_shape_is_left_out_of_account() -> None:
    seen = images(onion(2, 4, 1), enhancing=4) | {"t1n": np.zeros((2, 2, 2))}
    assert infer_convention({1, 2, 4}, None, "unknown", **seen)[0].name == "brats2021"


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_convention_is_kept_where_naming_and_values_agree(name: str) -> None:
    convention, _ = infer_convention(set(CONVENTIONS[name].values), name, "x")
    assert convention.name == name
