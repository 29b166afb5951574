"""The section "Review": what it says, and that a click goes where it should."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from qtpy.QtCore import QObject, Qt

from napari_brats.core.labels import Region
from napari_brats.core.review import ExpectedDice, Place, Review
from napari_brats.widgets.review_control import ReviewController
from napari_brats.widgets.review_panel import MAX_ROWS, NO_PLACES, NO_RESULT, ReviewPanel

LONG = "WT perhaps missed"
REVIEW = Review(
    {Region.WT: ExpectedDice(0.9, 0.05), Region.ET: ExpectedDice(0.7, 0.1)},
    places=tuple(
        Place(Region.WT, LONG, 1.0, "right, inferior, posterior", (index, 0, 0))
        for index in range(8)
    ),
)


@pytest.fixture
def panel(qtbot):
    panel = ReviewPanel()
    qtbot.addWidget(panel)
    return panel


def test_without_a_result_it_says_how_to_get_one(panel):
    assert panel.heading.text() == NO_RESULT
    assert panel.places.isHidden()
    assert panel.expectation.isHidden()
    assert panel.unusual.isHidden()


def test_expected_dice_and_numbered_places_are_shown(panel):
    panel.show_review(REVIEW)
    assert panel.expectation.text().replace("\u00a0", " ") == (
        "Expected Dice of this result: WT 0.90 \u00b1 0.05, ET 0.70 \u00b1 0.10 "
        "(estimated; research only)"
    )
    assert panel.places.item(1).text() == f"2: {LONG}, 1.0 ml, right, inferior, posterior"
    assert panel.unusual.isHidden()


def test_what_is_unusual_is_an_error(panel):
    panel.show_review(Review(unusual=("The skull is on.",)))
    assert "The skull is on." in panel.unusual.text()
    assert panel.heading.text() == NO_PLACES


def test_the_list_is_as_high_as_its_first_rows_and_no_wider_than_its_dock(panel, qtbot):
    panel.resize(200, 400)
    panel.show()
    panel.show_review(REVIEW)
    one_line = panel.places.fontMetrics().height()
    height = panel.places.sizeHint().height()
    assert 1.8 * MAX_ROWS * one_line < height < 3 * MAX_ROWS * one_line  # each row wraps once
    assert panel.minimumSizeHint().width() < 200
    panel.resize(800, 400)
    qtbot.waitUntil(lambda: panel.places.sizeHint().height() < height / 1.5)


class Viewer:
    active_case_key = "key"

    def __init__(self):
        self.visited = []

    def go_to(self, key, voxel):
        self.visited.append((key, voxel))


def test_clicks_and_arrow_keys_go_to_the_place(panel, qtbot):
    viewer, parent = Viewer(), QObject()
    result = SimpleNamespace(segmentation=SimpleNamespace(review=REVIEW))
    control = ReviewController(panel, viewer, lambda: result, parent)
    control.show_active_result()
    panel.show()
    where = panel.places.visualItemRect(panel.places.item(1)).center()
    qtbot.mouseClick(panel.places.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert viewer.visited[-1] == ("key", (1, 0, 0))
    qtbot.keyClick(panel.places, Qt.Key.Key_Down)
    assert viewer.visited[-1] == ("key", (2, 0, 0))


def test_a_result_that_is_gone_takes_its_review_along(panel):
    results = [SimpleNamespace(segmentation=SimpleNamespace(review=REVIEW)), None]
    parent = QObject()
    control = ReviewController(panel, Viewer(), lambda: results[0], parent)
    control.show_active_result()
    assert panel.places.count() == 8
    del results[0]
    control.show_active_result()
    assert panel.heading.text() == NO_RESULT
    assert panel.places.count() == 0
