"""Which image is which: the sums by hand, and a synthetic brain in all its orders."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from tests.io.brains import brain

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.contrast import IMAGE_FEATURES, PAIR_FEATURES
from napari_brats.io.look import look_at
from napari_brats.io.recognise import Numbers, Recognition, judge, percent, recognise, weights

T1N, T1C, T2W, T2F = MODALITIES


def volumes() -> list[Volume]:
    return [brain().volumes[m] for m in MODALITIES]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_each_order_of_four_images_is_put_right(order: tuple[int, ...]) -> None:
    looks = [look_at(brain().volumes[MODALITIES[index]]) for index in order]
    recognition = recognise(looks)
    assert recognition is not None
    assert recognition.best == tuple(MODALITIES[index] for index in order)
    assert recognition.confidence > 0.9


def z_scored(volume: Volume) -> Volume:
    data = volume.data.astype(np.float64)
    inside = data[data > 0]
    return replace(volume, data=np.where(data > 0, (data - inside.mean()) / inside.std(), -5.0))


def min_max(volume: Volume) -> Volume:
    return replace(volume, data=(volume.data / volume.data.max()).astype(np.float32))


def mirrored(volume: Volume) -> Volume:
    return replace(volume, data=volume.data[::-1])


def turned(volume: Volume) -> Volume:
    data = volume.data.transpose(2, 0, 1)
    affine = volume.grid.affine[:, [2, 0, 1, 3]]
    return replace(volume, data=data, grid=Grid(data.shape, affine))


@pytest.mark.parametrize("change", [z_scored, min_max, mirrored, turned])
def test_scale_and_orientation_do_not_matter(change) -> None:
    expected = recognise([look_at(v) for v in volumes()])
    found = recognise([look_at(change(v)) for v in volumes()])
    assert expected is not None
    assert found is not None
    assert found.best == tuple(MODALITIES)
    assert found.confidence == pytest.approx(expected.confidence, abs=0.02)


def test_images_on_different_grids_are_judged_one_by_one() -> None:
    recognition = recognise([look_at(v) for v in volumes()], one_grid=False)
    assert recognition is not None
    assert recognition.best[2] is T2W
    assert sum(recognition.probabilities.values()) == pytest.approx(1)


def test_nothing_is_said_of_no_image_five_images_or_one_with_its_skull() -> None:
    look = look_at(volumes()[0])
    whole = replace(look, foreground=np.ones_like(look.foreground))
    assert recognise([]) is None
    assert recognise([look] * 5) is None
    assert recognise([whole]) is None


def test_nothing_is_said_of_hardly_any_brain() -> None:
    look = look_at(volumes()[0])
    little = np.zeros_like(look.foreground)
    little[20:30, 20:30, 20:30] = look.foreground[20:30, 20:30, 20:30]
    assert recognise([replace(look, foreground=little)]) is None


def test_scores_add_up_by_hand() -> None:
    """One image, all numbers in the middle: the last weight of each modality is its score."""
    scale = {"images": {"centre": [0.0] * 12, "unit": [1.0] * 12}}
    alone = {
        m.value: [0.0] * 12 + [score]
        for m, score in zip(MODALITIES, (0, 0, 0, np.log(7)), strict=True)
    }
    recognition = judge(Numbers(np.zeros((1, 12)), None), {"scale": scale, "alone": alone})
    assert recognition.probabilities == pytest.approx(
        {(T1N,): 0.1, (T1C,): 0.1, (T2W,): 0.1, (T2F,): 0.7}
    )


def test_shares_sum_over_the_assignments_and_what_is_known_excludes_others() -> None:
    recognition = Recognition({(T1N, T1C): 0.5, (T1C, T1N): 0.3, (T1N, T2W): 0.2})
    assert recognition.best == (T1N, T1C)
    assert recognition.shares(0) == pytest.approx({T1N: 0.7, T1C: 0.3, T2W: 0, T2F: 0})
    likely, agreement = recognition.given([T1N, None])
    assert likely.probabilities == pytest.approx({(T1N, T1C): 0.5 / 0.7, (T1N, T2W): 0.2 / 0.7})
    assert agreement == pytest.approx(0.7)
    likely, agreement = recognition.given([T1N, None], taken=[T1C])
    assert likely.probabilities == {(T1N, T2W): 1}


def test_a_weight_goes_with_every_number() -> None:
    table = weights()
    assert table["image_numbers"] == list(IMAGE_FEATURES)
    assert table["pair_numbers"] == list(PAIR_FEATURES)
    for part in ("alone", "together"):
        for modality in Modality:
            assert len(table[part][modality.value]) == len(IMAGE_FEATURES) + 1
    for first, second in itertools.combinations(MODALITIES, 2):
        assert len(table["together"][f"{first}-{second}"]) == len(PAIR_FEATURES) + 1


def test_nothing_is_called_certain() -> None:
    assert [percent(p) for p in (0.5, 0.994, 0.9999)] == ["50 %", "99 %", "99 %"]
