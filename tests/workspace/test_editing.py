"""What the record says was done is what is still in effect, and time at rest is no work."""

from napari_brats.workspace import editing
from napari_brats.workspace.editing import EditingLog, steps_in_effect


def do(tool, label="ET", voxels=1, **more):
    return {"kind": "do", "tool": tool, "label": label, "voxels": voxels, **more}


UNDO, REDO = {"kind": "undo"}, {"kind": "redo"}


def tools(events):
    return [step["tool"] for step in steps_in_effect(events)]


def test_undone_steps_are_not_told_and_redone_ones_are():
    assert tools([do("a"), do("b"), UNDO]) == ["a"]
    assert tools([do("a"), do("b"), UNDO, UNDO, REDO]) == ["a"]
    assert tools([do("a"), UNDO, do("b"), REDO]) == ["b"]
    assert tools([UNDO, do("a")]) == ["a"]


def test_a_restored_step_tells_what_it_brought_back_until_it_is_undone():
    restored = do("Restored edits", steps=[{"tool": "a"}, {"tool": "b"}])
    assert tools([restored, do("c")]) == ["a", "b", "Restored edits", "c"]
    assert steps_in_effect([restored])[-1]["voxels"] == 0  # not counted twice
    assert tools([restored, UNDO]) == []


def test_gaps_beyond_half_a_minute_do_not_count():
    log = EditingLog()
    for now in (100, 110, 140, 171, 172):  # 10 + 30 + (31: idle) + 1
        log.tick(now)
    assert log.active_s == 41


def test_totals_count_every_step_though_not_all_are_listed(monkeypatch):
    monkeypatch.setattr(editing, "LISTED_STEPS", 2)
    log = EditingLog()
    for voxels in (1, 10, 100):
        log.add("do", tool="Brush", label="ET", voxels=voxels)
    log.add("do", tool="Brush", label="ED", voxels=5)
    told = log.to_json()
    assert told["tools"] == [
        {"tool": "Brush", "label": "ET", "steps": 3, "voxels": 111},
        {"tool": "Brush", "label": "ED", "steps": 1, "voxels": 5},
    ]
    assert [step["voxels"] for step in told["steps"]] == [100, 5]
    assert told["steps_left_out"] == 2


def test_after_a_save_it_begins_anew():
    log = EditingLog()
    log.tick(0)
    log.tick(3)
    log.add("do", tool="Brush", label="ET", voxels=1)
    log.clear()
    assert log.to_json() == {"active_seconds": 0, "tools": [], "steps": [], "steps_left_out": 0}
