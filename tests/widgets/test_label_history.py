"""Long random sessions against a reference that copies the whole label map for every step."""

from __future__ import annotations

from collections import deque
from itertools import product

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from tests.widgets.label_bench import SCALE, SHAPE, Bench

from napari_brats.core.boxes import Box
from napari_brats.core.edits.edit import Edit, PaintOver, PaintRules

STEPS = 1200
RADIUS_MM = 1.6


class Reference:
    """Every state as a copy, the rules voxel by voxel."""

    def __init__(self) -> None:
        self.rules = PaintRules()
        self.states = [np.zeros(SHAPE, np.uint8)]
        self.at = 0

    @property
    def now(self) -> np.ndarray:
        return self.states[self.at]

    def _may(self, before: int, after: int) -> bool:
        if self.rules.over is PaintOver.EVERYTHING:
            return True
        if before in self.rules.locked or after in self.rules.locked:
            return False
        return not (self.rules.over is PaintOver.BACKGROUND and before and after)

    def change(self, wanted: dict[tuple[int, ...], int]) -> None:
        after = self.now.copy()
        for voxel, label in wanted.items():
            if self._may(int(after[voxel]), label):
                after[voxel] = label
        if not np.array_equal(after, self.now):
            self.states[self.at + 1 :] = [after]
            self.at += 1

    def replace(self, after: np.ndarray) -> None:
        if not np.array_equal(after, self.now):
            self.states[self.at + 1 :] = [after.copy()]
            self.at += 1

    def move(self, by: int) -> None:
        self.at = min(max(self.at + by, 0), len(self.states) - 1)

    def flood(self, seed: tuple[int, ...]) -> list[tuple[int, ...]]:
        """The voxels of the seed's label that are connected with it in its slice of axis 0."""
        found, todo = {seed}, deque([seed])
        while todo:
            x, y, z = todo.popleft()
            for near in ((x, y + 1, z), (x, y - 1, z), (x, y, z + 1), (x, y, z - 1)):
                inside = 0 <= near[1] < SHAPE[1] and 0 <= near[2] < SHAPE[2]
                if inside and near not in found and self.now[near] == self.now[seed]:
                    found.add(near)
                    todo.append(near)
        return list(found)


def near(places: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The voxels within the brush's reach of a place, in the slice of axis 0."""
    return [
        (places[0][0], y, z)
        for y, z in product(range(SHAPE[1]), range(SHAPE[2]))
        if any((y - p[1]) ** 2 + (z - p[2]) ** 2 <= RADIUS_MM**2 for p in places)
    ]


class Session:
    """Does the same to a Labels layer through its tools and to the reference."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.bench = Bench(SHAPE, SCALE)
        self.bench.tools.set_brush_mm(2 * RADIUS_MM)
        self.reference = Reference()

    def place(self) -> tuple[int, ...]:
        return tuple(int(self.rng.integers(0, size)) for size in SHAPE)

    def label(self) -> int:
        return int(self.rng.integers(0, 4))

    def box(self) -> Box:
        low = self.place()
        high = (min(a + int(self.rng.integers(1, 5)), s) for a, s in zip(low, SHAPE, strict=True))
        x, y, z = (slice(a, b) for a, b in zip(low, high, strict=True))
        return x, y, z

    def stroke(self) -> None:
        (x, y, z), label = self.place(), self.label()
        row = [(x, y, min(z + step, SHAPE[2] - 1)) for step in range(int(self.rng.integers(1, 4)))]
        self.bench.stroke(*row, label=label)
        self.reference.change(dict.fromkeys(near(row), label))

    def fill(self) -> None:
        seed, label = self.place(), self.label()
        self.bench.layer.mode = "fill"
        self.bench.layer.fill(seed, label)
        self.reference.change(dict.fromkeys(self.reference.flood(seed), label))

    def polygon(self) -> None:
        x, label = self.place()[0], self.label()
        a, b, c, d = (int(v) for v in self.rng.integers(0, 8, 4))
        low, high, left, right = min(a, b), max(a, b), min(c, d), max(c, d)
        corners = [(x, low, left), (x, low, right), (x, high, right), (x, high, left)]
        self.bench.layer.mode = "polygon"
        self.bench.layer.paint_polygon(corners, label)
        inside = product([x], range(low, high + 1), range(left, right + 1))
        self.reference.change(dict.fromkeys(inside, label))

    def apply(self) -> None:
        box = self.box()
        labels = self.rng.integers(0, 4, self.reference.now[box].shape).astype(np.uint8)
        self.bench.tools.apply(self.bench.layer, Edit(box, labels), tool="Smooth")
        voxels = product(*(range(side.start, side.stop) for side in box))
        self.reference.change(dict(zip(voxels, labels.ravel().tolist(), strict=True)))

    def replace(self) -> None:
        data = self.rng.integers(0, 4, SHAPE).astype(np.uint8)
        self.bench.tools.write(self.bench.layer, data)
        self.reference.replace(data)

    def undo(self) -> None:
        self.bench.layer.undo()
        self.reference.move(-1)

    def redo(self) -> None:
        self.bench.layer.redo()
        self.reference.move(1)

    def jump(self) -> None:
        by = int(self.rng.integers(-6, 7))
        self.bench.tools.go_to_step(self.bench.layer, self.reference.at + by)
        self.reference.move(by)

    def rules(self) -> None:
        locked = frozenset(int(v) for v in self.rng.integers(1, 4, int(self.rng.integers(0, 3))))
        over = list(PaintOver)[int(self.rng.integers(0, 3))]
        self.bench.tools.rules = self.reference.rules = PaintRules(locked, over)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_session_equals_one_that_copies_everything(qtbot: QtBot, seed: int) -> None:
    del qtbot
    session = Session(seed)
    actions = [session.stroke] * 6 + [session.undo, session.redo] * 2
    actions += [session.fill, session.polygon, session.apply, session.replace]
    actions += [session.jump, session.rules]
    for number in range(STEPS):
        action = actions[int(session.rng.integers(0, len(actions)))]
        action()
        same = np.array_equal(session.bench.layer.data, session.reference.now)
        assert same, f"step {number}, {action.__name__}"
        assert session.bench.tools.history_of(session.bench.layer).done == session.reference.at
    while session.reference.at:
        session.undo()
    assert np.array_equal(session.bench.layer.data, session.reference.states[0])
    for _ in session.reference.states:
        session.redo()
    assert np.array_equal(session.bench.layer.data, session.reference.states[-1])
    session.bench.tools.close()
