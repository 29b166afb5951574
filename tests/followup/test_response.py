"""Changes from baseline and nadir, noise and thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.errors import CaseError
from napari_brats.core.labels import Label, Region
from napari_brats.followup.response import (
    Quantity,
    dice_band,
    follow,
    repeatability_band,
    sum_of_products_mm2,
)
from napari_brats.metrics.measures import measure_tumour


def followed(quantity: Quantity, *values: float | None):
    return follow(Region.ET, quantity, values, [None] * len(values)).values


def test_change_from_baseline_and_nadir():
    _, lower, missing, higher = followed(Quantity.VOLUME, 100.0, 50.0, None, 60.0)
    assert missing is None
    assert (lower.from_baseline_percent, lower.from_nadir_percent) == (-50.0, -50.0)
    assert (higher.from_baseline_percent, higher.from_nadir_percent) == (-40.0, 20.0)


def test_the_first_value_has_no_change():
    first = followed(Quantity.VOLUME, None, 7.0)[1]
    assert (first.baseline, first.from_nadir_percent, first.crossed) == (None, None, ())


@pytest.mark.parametrize(
    ("quantity", "value", "crossed"),
    [
        (Quantity.VOLUME, 139.9, ()),
        (Quantity.VOLUME, 140.0, ("+40 % against nadir",)),
        (Quantity.VOLUME, 35.1, ()),
        (Quantity.VOLUME, 35.0, ("-65 % against baseline",)),
        (Quantity.PRODUCTS, 124.9, ()),
        (Quantity.PRODUCTS, 125.0, ("+25 % against nadir",)),
        (Quantity.PRODUCTS, 50.1, ()),
        (Quantity.PRODUCTS, 50.0, ("-50 % against baseline",)),
    ],
)
def test_thresholds_of_rano(quantity: Quantity, value: float, crossed: tuple[str, ...]):
    assert followed(quantity, 100.0, value)[1].crossed == crossed


def test_increase_counts_against_nadir_and_decrease_against_baseline():
    values = followed(Quantity.VOLUME, 100.0, 20.0, 30.0)
    assert values[2].crossed == ("+40 % against nadir", "-65 % against baseline")


def test_from_nothing_to_something_and_back():
    none, some, gone = followed(Quantity.VOLUME, 0.0, 0.5, 0.0)
    assert some.crossed == ("+40 % against nadir",)
    assert some.from_nadir_percent is None
    assert gone.crossed == none.crossed == ()


def test_bands():
    assert repeatability_band(50.0, 10.0) == (45.0, 55.0)
    with pytest.raises(CaseError, match="not in 0 to 100"):
        repeatability_band(1.0, 101.0)
    low, high = dice_band(10.0, 0.8)
    assert (low, high) == (pytest.approx(20 / 3), 15.0)
    a, b = np.arange(15) < 10, np.arange(15) < 15  # Dice of these: 2 * 10 / 25 = 0.8
    assert 2 * (a & b).sum() / (a.sum() + b.sum()) == 0.8


def test_beyond_noise_is_where_bands_do_not_touch():
    bands = [(90.0, 110.0), (99.0, 121.0), (117.0, 143.0), None]
    series = follow(Region.WT, Quantity.VOLUME, [100.0, 110.0, 130.0, 9.0], bands)
    assert [value.is_beyond_noise for value in series.values] == [None, False, True, None]


def test_products_of_the_two_largest_measurable_lesions():
    labels = np.zeros((60, 20, 6), np.uint8)
    for start, size in ((0, 12), (20, 14), (40, 11)):
        labels[start : start + size, 2 : 2 + size, 1:5] = Label.ET
    labels[56:60, 2:6, 1:5] = Label.ET  # 4 mm: not measurable
    measures = measure_tumour(labels, np.eye(4))
    products = [lesion.diameters.product_mm2 for lesion in measures.lesions[Region.ET]]
    assert len(products) == 4
    assert sum_of_products_mm2(measures, Region.ET) == pytest.approx(sum(sorted(products)[-2:]))
