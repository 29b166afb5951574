"""The border moves where a stroke says so, to where the images have an edge."""

from __future__ import annotations

import edt
import numpy as np
import pytest

from napari_brats.core.edits.random_walk import walk
from napari_brats.core.edits.refine import refine, refined_labels, stroke_box
from napari_brats.core.labels import Label, Mask, Region

ISOTROPIC = (1.0, 1.0, 1.0)
SIZE = 30


def ball(radius: float) -> Mask:
    """A ball in the middle of the box."""
    grid = np.indices((SIZE,) * 3) - SIZE // 2
    return np.sqrt((grid**2).sum(axis=0)) <= radius


def bright(mask: Mask) -> np.ndarray:
    """Two noisy images, 2 inside and 0 outside."""
    noise = np.random.default_rng(1).normal(0, 0.2, (2, *mask.shape))
    return (2 * mask + noise).astype(np.float32)


def dice(a: Mask, b: Mask) -> float:
    """Overlap of two masks."""
    return float(2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b)))


def arc(radius: float) -> Mask:
    """A stroke of 90 degrees on the middle slice, at that distance from the middle."""
    stroke = np.zeros((SIZE,) * 3, dtype=bool)
    for angle in np.linspace(0, np.pi / 2, 40):
        row, column = np.round(SIZE // 2 + radius * np.array([np.cos(angle), np.sin(angle)]))
        stroke[SIZE // 2, int(row), int(column)] = True
    return stroke


def test_what_was_missing_is_added_up_to_the_edge() -> None:
    truth, before = ball(9), ball(6)
    after = refine(before, bright(truth), arc(7.5), belongs=True, spacing_mm=ISOTROPIC)
    near = edt.edt(~arc(7.5)) <= 4
    assert dice(before & near, truth & near) < 0.6
    assert dice(after & near, truth & near) > 0.9
    assert not (before & ~after).any()  # a stroke that adds takes nothing away


def test_what_was_too_much_is_taken_away_down_to_the_edge() -> None:
    truth, before = ball(7), ball(10)
    after = refine(before, bright(truth), arc(8.5), belongs=False, spacing_mm=ISOTROPIC)
    assert dice(before, truth) < 0.55
    assert dice(after, truth) > 0.85
    assert not (after & ~before).any()


def test_the_stroke_itself_is_taken_at_its_word() -> None:
    nothing = np.zeros((SIZE,) * 3, dtype=bool)
    images = np.zeros((1, SIZE, SIZE, SIZE), np.float32)
    after = refine(nothing, images, arc(5), belongs=True, spacing_mm=ISOTROPIC)
    assert after[arc(5)].all()
    after = refine(~nothing, images, arc(5), belongs=False, spacing_mm=ISOTROPIC)
    assert not after[arc(5)].any()


def test_nothing_changes_far_from_the_stroke_nor_outside_the_images() -> None:
    truth, before = ball(9), ball(6)
    images = bright(truth)
    images[:, :, : SIZE // 2 - 7] = np.inf
    stroke = arc(7.5)
    after = refine(before, images, stroke, belongs=True, spacing_mm=ISOTROPIC)
    assert np.array_equal(after[:, : SIZE // 2 - 7], before[:, : SIZE // 2 - 7])
    thick = (9.0, 9.0, 9.0)  # now most of the box is out of reach
    after = refine(before, bright(truth), stroke, belongs=True, spacing_mm=thick)
    changed = np.argwhere(after & ~before)
    gaps = np.linalg.norm(changed[:, None] - np.argwhere(stroke)[None], axis=2).min(axis=1)
    assert gaps.max() * 9.0 <= 24.0


def test_where_images_show_nothing_the_network_decides() -> None:
    truth, before = ball(9), ball(6)
    images = np.zeros((1, SIZE, SIZE, SIZE), np.float32)
    stroke = arc(7.0)
    probability = np.where(truth, 0.95, 0.05).astype(np.float32)
    alone = refine(before, images, stroke, belongs=True, spacing_mm=ISOTROPIC)
    helped = refine(
        before, images, stroke, belongs=True, spacing_mm=ISOTROPIC, probability=probability
    )
    assert dice(helped, truth) > dice(alone, truth)


def test_the_walker_stops_at_edges() -> None:
    images = np.array([0, 0, 0, 3, 3, 3], np.float32).reshape(1, 6, 1, 1)
    prior = np.array([1, 0.5, 0.5, 0.5, 0.5, 0], np.float32).reshape(6, 1, 1)
    certainty = np.array([50, 0.01, 0.01, 0.01, 0.01, 50], np.float32).reshape(6, 1, 1)
    share = walk(images, prior, certainty, ISOTROPIC, 2.0).ravel()
    assert (share[:3] > 0.9).all()
    assert (share[3:] < 0.1).all()


def test_the_box_is_as_wide_as_the_stroke_reaches() -> None:
    stroke = np.array([[10, 20, 30], [10, 24, 30]])
    box = stroke_box(stroke, (12, 100, 100), (5.0, 1.0, 2.0), 10.0)
    assert box == (slice(7, 12), slice(9, 36), slice(24, 37))


@pytest.mark.parametrize(
    ("target", "gained", "lost", "expected"),
    [
        (Region.WT, 0, 5, [2, 2, 3, 3, 1, 0, 0]),
        (Region.TC, 1, 4, [0, 1, 3, 3, 2, 2, 0]),
        (Label.ET, 4, 2, [0, 2, 2, 3, 3, 2, 0]),
    ],
)
def test_labels_follow_the_scheme(
    target: Region | Label, gained: int, lost: int, expected: list[int]
) -> None:
    labels = np.array([0, 2, 3, 3, 1, 2, 0], np.uint8).reshape(7, 1, 1)
    before = np.zeros(labels.shape, dtype=bool)
    before[lost] = True
    after = np.zeros(labels.shape, dtype=bool)
    after[gained] = True
    edit = refined_labels(labels, target, before, after, ISOTROPIC)
    assert edit is not None
    result = labels.copy()
    result[edit.box] = edit.labels
    assert result.ravel().tolist() == expected
    assert refined_labels(labels, target, before, before, ISOTROPIC) is None
