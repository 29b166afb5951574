"""Strokes, tools and their steps on Labels layers, without a window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from napari.layers import Labels
from pytestqt.qtbot import QtBot
from tests.widgets.label_bench import SCALE, SHAPE, Bench, edit_to

from napari_brats.core.edits.edit import Edit, PaintOver, PaintRules
from napari_brats.core.labels import Label


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    """One label map of thick slices, all background."""
    del qtbot
    made = Bench()
    yield made
    made.tools.close()


def test_a_stroke_is_one_step_and_tells_what_and_where(bench: Bench) -> None:
    bench.stroke((2, 1, 1), (2, 1, 4), label=3)
    assert np.flatnonzero(bench.layer.data[2, 1]).tolist() == [1, 2, 3, 4]
    assert bench.told() == [("Brush", "do", 3, 4)]
    assert bench.steps[0].box == (slice(2, 3), slice(1, 2), slice(1, 5))
    assert bench.steps[0].layer is bench.layer
    bench.stroke((2, 1, 2), label=0)
    assert bench.told()[1:] == [("Eraser", "do", 0, 1)]


def test_the_array_is_written_when_a_step_is_told(bench: Bench) -> None:
    seen: list[int] = []
    bench.tools.step_made.connect(lambda step: seen.append(int(bench.layer.data[step.box].sum())))
    bench.layer.paint((0, 0, 0), 2)
    bench.layer.mode = "polygon"
    bench.layer.paint_polygon([(1, 0, 0), (1, 0, 2), (1, 2, 2), (1, 2, 0)], 1)
    bench.layer.data_setitem((np.array([5]), np.array([8]), np.array([7])), 3)
    bench.tools.apply(bench.layer, edit_to(2), tool="Grow")
    bench.layer.undo()
    assert seen == [2, 9, 3, 16, 2]  # two voxels of the polygon lie in the box
    assert [tool for tool, *_ in bench.told()] == ["Edit", "Polygon", "Polygon", "Grow", "Grow"]


def test_undo_and_redo_go_through_all_tools(bench: Bench) -> None:
    bench.stroke((1, 2, 0), label=1)
    bench.tools.apply(bench.layer, edit_to(2), tool="Grow")
    bench.layer.mode = "fill"
    bench.layer.fill((5, 5, 5), 3)
    states = [bench.layer.data.copy()]
    for _ in range(3):
        bench.layer.undo()  # as Ctrl+Z does
        states.append(bench.layer.data.copy())
    assert [int(s.sum()) for s in states[1:]] == [16, 1, 0]
    for _ in range(3):
        bench.tools.redo()
    assert np.array_equal(bench.layer.data, states[0])
    assert [s.kind for s in bench.steps] == ["do"] * 3 + ["undo"] * 3 + ["redo"] * 3


def test_a_new_step_forgets_what_was_undone(bench: Bench) -> None:
    bench.stroke((1, 1, 1))
    bench.layer.undo()
    bench.stroke((1, 1, 2))
    bench.layer.redo()
    assert bench.layer.data.sum() == 2
    assert len(bench.tools.history_of(bench.layer)) == 1


def test_a_jump_to_a_step_undoes_or_redoes_all_between(bench: Bench) -> None:
    for column in range(5):
        bench.stroke((0, 0, column))
    bench.tools.go_to_step(bench.layer, 2)
    assert bench.layer.data[0, 0].tolist() == [2, 2, 0, 0, 0, 0, 0, 0]
    bench.tools.go_to_step(bench.layer, 4)
    assert bench.layer.data[0, 0].tolist() == [2, 2, 2, 2, 0, 0, 0, 0]
    assert [s.kind for s in bench.steps[5:]] == ["undo"] * 3 + ["redo"] * 2


@pytest.mark.parametrize("tool", ["brush", "eraser", "fill", "polygon", "apply"])
def test_no_tool_touches_a_locked_label(bench: Bench, tool: str) -> None:
    bench.layer.data[1] = 3
    bench.tools.set_locked(3, True)
    before = bench.layer.data.copy()
    actions = {
        "brush": lambda: bench.stroke((1, 4, 4), label=2),
        "eraser": lambda: bench.stroke((1, 4, 4), label=0),
        "fill": lambda: bench.layer.fill((1, 4, 4), 2),
        "polygon": lambda: bench.layer.paint_polygon([(1, 1, 1), (1, 1, 5), (1, 5, 5)], 2),
        "apply": lambda: bench.tools.apply(
            bench.layer,
            Edit((slice(1, 2), slice(0, 2), slice(0, 2)), np.ones((1, 2, 2), np.uint8)),
            tool="Grow",
        ),
    }
    actions[tool]()
    assert np.array_equal(bench.layer.data, before)
    assert bench.told() == []
    assert "ET is locked" in bench.refusals[0]


def test_painting_with_a_locked_label_says_so(bench: Bench) -> None:
    bench.tools.set_locked(2, True)
    bench.stroke((1, 1, 1), label=2)
    assert not bench.layer.data.any()
    assert "ED is locked" in bench.refusals[0]
    bench.tools.set_locked(2, False)
    bench.stroke((1, 1, 1), label=2)
    assert bench.layer.data.sum() == 2


def test_background_only_leaves_all_labels_and_can_erase(bench: Bench) -> None:
    bench.layer.data[1, 1, :4] = 1
    bench.tools.set_paint_over(PaintOver.BACKGROUND)
    bench.stroke((1, 1, 0), (1, 1, 7), label=2)
    assert bench.layer.data[1, 1].tolist() == [1, 1, 1, 1, 2, 2, 2, 2]
    assert not bench.refusals  # something was painted
    bench.stroke((1, 1, 0), label=2)
    assert len(bench.refusals) == 1
    bench.stroke((1, 1, 0), label=0)
    assert bench.layer.data[1, 1, 0] == 0


def test_everything_paints_over_locks(bench: Bench) -> None:
    bench.layer.data[:] = 3
    bench.tools.rules = PaintRules(frozenset({3}), PaintOver.EVERYTHING)
    assert bench.tools.apply(bench.layer, edit_to(1), tool="Grow") == 8


def test_undo_is_not_bound_by_locks(bench: Bench) -> None:
    bench.stroke((1, 1, 1), label=2)
    bench.tools.set_locked(2, True)
    bench.layer.undo()
    assert not bench.layer.data.any()


def test_twins_share_array_rules_and_history(bench: Bench) -> None:
    twin = Labels(bench.layer.data, scale=SCALE)
    bench.viewer.add_layer(twin)
    bench.tools.follow(twin, bench.layer)
    bench.layer.data[0, 0, 0] = 3
    bench.tools.set_locked(3, True)
    bench.stroke((0, 0, 0), (0, 0, 2), layer=twin)
    assert bench.layer.data[0, 0, :4].tolist() == [3, 2, 2, 0]
    assert bench.steps[0].layer is bench.layer
    bench.layer.undo()
    assert bench.layer.data[0, 0, :4].tolist() == [3, 0, 0, 0]
    twin.redo()
    assert bench.layer.data[0, 0, :4].tolist() == [3, 2, 2, 0]
    bench.tools.unfollow(twin)
    assert not twin._undo_history
    assert len(bench.tools.history_of(bench.layer)) == 1


def test_a_tool_that_writes_during_a_stroke_is_part_of_it(bench: Bench) -> None:
    bench.layer.mode = "paint"
    with bench.layer.block_history():
        bench.layer._draw(2, np.array((1, 2, 0)), np.array((1, 2, 0)))
        bench.tools.apply(bench.layer, edit_to(1), tool="Smart brush")
        bench.tools.undo()  # waits for the end of the stroke
    assert bench.told() == [("Brush", "do", 1, 8)]
    bench.layer.undo()
    assert not bench.layer.data.any()


def test_a_stroke_that_is_given_up_leaves_no_step(bench: Bench) -> None:
    bench.layer.mode = "paint"
    bench.layer._begin_stroke()
    bench.layer._draw(2, np.array((1, 1, 1)), np.array((1, 1, 1)))
    bench.layer._abort_stroke()
    assert not bench.layer.data.any()
    assert bench.told() == []


def test_a_layer_is_given_back_with_its_last_steps(bench: Bench) -> None:
    for column in range(3):
        bench.stroke((0, 0, column), label=1)
    bench.layer.undo()
    bench.tools.unfollow(bench.layer)
    layer = bench.layer
    assert "undo" not in vars(layer)
    layer.undo()
    assert layer.data[0, 0].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    layer.redo()
    layer.redo()
    assert layer.data[0, 0].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    layer.brush_size = 1
    layer.paint((0, 0, 7), 2)
    assert layer.data[0, 0, 7] == 2
    assert len(bench.steps) == 4


def test_going_back_moves_neither_view_nor_tool(bench: Bench) -> None:
    viewer = bench.viewer
    bench.stroke((0, 1, 1), (0, 1, 4))
    image = viewer.add_image(np.zeros(SHAPE))
    viewer.dims.set_point(0, 20)
    camera = viewer.scene.camera
    camera.center, camera.zoom = (0, 3, 3), 7
    bench.layer.selected_label, bench.layer.mode = 1, "fill"
    viewer.layers.selection.active = image
    bench.tools.undo()
    bench.tools.redo()
    assert viewer.dims.point[0] == 20
    assert (camera.center, camera.zoom) == ((0, 3, 3), 7)
    assert viewer.layers.selection.active is image
    assert (bench.layer.selected_label, bench.layer.mode) == (1, "fill")


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
@pytest.mark.parametrize("edit_dimensions", [2, 3])
def test_the_brush_paints_what_its_circle_covers_in_mm(
    bench: Bench, order: tuple[int, int, int], edit_dimensions: int
) -> None:
    bench.viewer.dims.order = order
    bench.layer.n_edit_dimensions = edit_dimensions
    bench.tools.set_brush_mm(10.5)
    centre = (3, 4, 4)
    bench.layer.paint(centre, 2)
    grid = np.stack(np.indices(SHAPE), axis=-1) - centre
    off = np.linalg.norm(grid * SCALE, axis=-1)
    expected = off <= 5.25
    if edit_dimensions == 2:
        expected &= grid[..., order[0]] == 0
    assert np.array_equal(bench.layer.data == 2, expected)
    assert bench.layer.cursor_size == 10.5


def test_the_brush_can_be_set_in_voxels_as_napari_does(bench: Bench) -> None:
    bench.layer.brush_size = 4
    assert bench.tools.brush_mm == 4.0
    bench.viewer.dims.order = (2, 0, 1)
    assert bench.layer.brush_size == 4
    bench.tools.set_brush_mm(2.4)
    assert (bench.layer.brush_size, bench.tools.brush_mm, bench.layer.cursor_size) == (2, 2.4, 2.4)


def test_automatic_writes_become_one_step(bench: Bench) -> None:
    for label in (Label.NCR, Label.ED, Label.ET):
        bench.tools.write(bench.layer, np.full(SHAPE, label, np.uint8), is_automatic=True)
    assert len(bench.tools.history_of(bench.layer)) == 1
    assert [s.kind for s in bench.steps] == ["do", "undo", "do", "undo", "do"]
    bench.layer.undo()
    assert not bench.layer.data.any()


def test_another_array_is_a_step_if_it_is_alike(bench: Bench) -> None:
    bench.stroke((0, 0, 0), label=1)
    other = np.full(SHAPE, 2, np.uint8)
    bench.layer.data = other  # as another plugin may write
    assert bench.told()[-1][0] == "Replaced"
    bench.layer.undo()
    bench.layer.undo()
    assert not bench.layer.data.any()
    bench.layer.data = np.zeros((2, 2, 2), np.uint8)
    assert len(bench.tools.history_of(bench.layer)) == 0


def test_a_layer_that_cannot_be_edited_for_a_while_keeps_its_steps(bench: Bench) -> None:
    bench.stroke((0, 0, 0), label=1)
    bench.layer.editable = False
    bench.layer.editable = True
    bench.layer.undo()
    assert not bench.layer.data.any()
