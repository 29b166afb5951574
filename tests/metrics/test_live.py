"""The metrics of an edited pair equal those computed anew, after every edit."""

import dataclasses

import numpy as np
import pytest

from napari_brats.core.errors import GeometryError
from napari_brats.core.labels import Region
from napari_brats.metrics import score
from napari_brats.metrics.lesionwise import CHALLENGES
from napari_brats.metrics.live import PairScorer
from napari_brats.metrics.score import ScoreOptions, score_regions

SHAPE = (30, 26, 22)
SPACING = (1.0, 0.7, 2.3)


def two_tumours(shift: int) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[3 + shift : 11 + shift, 4:12, 5:12] = 2
    labels[5 + shift : 9 + shift, 6:10, 6:10] = 1
    labels[6 + shift : 8 + shift, 7:9, 7:9] = 3
    labels[20:24, 16:20, 14:18] = 3
    return labels


def assert_same(found, expected):
    assert list(found) == list(expected)
    for region, row in expected.items():
        ours = dataclasses.asdict(found[region])
        for name, value in dataclasses.asdict(row).items():
            if name in ("lesions", "false_lesions"):
                assert len(ours[name]) == len(value)
                for mine, other in zip(ours[name], value, strict=True):
                    centre, other_centre = mine.pop("centre"), other.pop("centre")
                    assert mine == pytest.approx(other, abs=1e-10)
                    assert centre == pytest.approx(other_centre)
            else:
                assert ours[name] == pytest.approx(value, abs=1e-10, nan_ok=True), (region, name)


def paint(labels: np.ndarray, random: np.random.Generator) -> None:
    """A box of a label, or of nothing, anywhere."""
    corner = random.integers(0, [s - 2 for s in SHAPE])
    x, y, z = (slice(c, c + s) for c, s in zip(corner, random.integers(1, 6, 3), strict=True))
    labels[x, y, z] = random.integers(0, 5)


@pytest.mark.parametrize(
    ("seed", "challenge", "spacing"), [(0, "GLI", SPACING), (1, "MET", (1.0, 1.0, 1.0))]
)
def test_every_edit_gives_what_scoring_anew_gives(seed, challenge, spacing):
    random = np.random.default_rng(seed)
    reference, prediction = two_tumours(0), two_tumours(2)
    brain = random.random(SHAPE) < 0.8
    options = ScoreOptions(challenge=CHALLENGES[challenge])
    scorer = PairScorer(spacing, options, brain)
    for turn in range(40):
        found = scorer.score(reference, prediction)
        assert_same(found, score_regions(reference, prediction, spacing, options, brain))
        paint(prediction, random)
        if turn % 7 == 6:
            paint(reference, random)


def test_a_region_that_comes_and_goes():
    reference, prediction = two_tumours(0), np.zeros(SHAPE, np.uint8)
    scorer = PairScorer(SPACING)
    for side in (prediction, reference):
        for labels in (two_tumours(3), np.zeros(SHAPE, np.uint8), two_tumours(0)):
            side[:] = labels
            found = scorer.score(reference, prediction)
            assert_same(found, score_regions(reference, prediction, SPACING))


def test_views_in_another_order_of_axes_are_compared_with_what_they_were():
    stored = np.ascontiguousarray(two_tumours(1).transpose(2, 0, 1)[::-1])
    view, reference = stored[::-1].transpose(1, 2, 0), two_tumours(0)
    scorer = PairScorer(SPACING)
    scorer.score(reference, view)
    stored[3:9, 4:9, 4:9] = 3
    assert_same(scorer.score(reference, view), score_regions(reference, view, SPACING))


def test_only_regions_that_changed_are_scored_again(monkeypatch):
    asked = []
    whole = score.score_unions
    monkeypatch.setattr(
        "napari_brats.metrics.live.score_unions",
        lambda *a: asked.append(list(a[3])) or whole(*a),
    )
    reference, prediction = two_tumours(0), two_tumours(1)
    scorer = PairScorer(SPACING)
    for label in (2, 4, 1, 3, 1):  # outside the tumour, at first
        scorer.score(reference, prediction)
        prediction[26:28, 2:4, 2:4] = label
    scorer.score(reference, prediction)
    wt, tc, et = Region
    assert asked == [[wt, tc, et], [wt], [wt], [wt, tc], [et], [et]]


def test_another_shape_is_another_pair():
    scorer = PairScorer(SPACING)
    scorer.score(two_tumours(0), two_tumours(1))
    small = two_tumours(0)[:20], two_tumours(1)[:20]
    assert_same(scorer.score(*small), score_regions(*small, SPACING))
    with pytest.raises(GeometryError):
        scorer.score(two_tumours(0), small[1])
