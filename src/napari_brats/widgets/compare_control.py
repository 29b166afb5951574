"""Compares two label maps of the active case, and lets a third one be made of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_brats.core.edits.differences import Difference, Part
from napari_brats.core.errors import BratsError
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.case_group import tag_of
from napari_brats.widgets.choice_box import Choice
from napari_brats.widgets.compare_decisions import Decision, Verdict
from napari_brats.widgets.compare_job import ComparedPair, compare_pair
from napari_brats.widgets.compare_panel import NEEDS_TWO, ComparePanel
from napari_brats.widgets.error_overlay import COMPARISON_COLORS, ErrorOverlay
from napari_brats.widgets.keys import KEYS
from napari_brats.widgets.label_tools import Step
from napari_brats.widgets.metrics_live import require_one_grid
from napari_brats.widgets.open_label_maps import OpenLabelMap, default_pair
from napari_brats.widgets.third_mask import ThirdMask
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.workspace.settings import read_settings

if TYPE_CHECKING:
    from napari.layers import Labels

STALE = (
    "A or B was edited since. The list and 'Take' are about them as they were; press Compare to "
    "compare them anew."
)
SIDES = {Verdict.A: Difference.ONLY_A, Verdict.B: Difference.ONLY_B}


class CompareController(QObject):
    """The comparison of one pair, the layer that shows it, and the third mask.

    ``show_figures`` is called with the ids of A and B: the section "Metrics" shows them.
    """

    def __init__(
        self,
        panel: ComparePanel,
        bridge: ViewerBridge,
        overlay: ErrorOverlay,
        show_figures: Callable[[str, str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._panel, self._bridge, self._overlay = panel, bridge, overlay
        self._show_figures = show_figures
        self._key: str | None = None
        self._maps: tuple[OpenLabelMap, OpenLabelMap] | None = None
        self._picked: dict[str, tuple[str, str]] = {}
        self._pair: ComparedPair | None = None
        self._third: ThirdMask | None = None
        self._deciding: Decision | None = None
        self._shown: dict[int, Verdict] = {}
        self._job: RunningJob | None = None
        panel.choices_wanted.connect(self.show_active_case)
        panel.pair_chosen.connect(self._on_pair_chosen)
        panel.compare_requested.connect(self._on_compare)
        panel.files_requested.connect(self._on_files)
        panel.overlay_changed.connect(self._show_overlay)
        panel.figures_requested.connect(self._on_figures)
        panel.part_requested.connect(self._on_part)
        panel.take_requested.connect(self._on_take)
        panel.paint_requested.connect(self._on_paint)
        panel.show_legend(COMPARISON_COLORS)
        overlay.removed.connect(panel.show_overlay_removed)
        bridge.tools.step_made.connect(self.follow_step)
        bridge.key_bindings.bind(
            {
                KEYS["next_difference"]: lambda: panel.step(1),
                KEYS["previous_difference"]: lambda: panel.step(-1),
                KEYS["take_a"]: lambda: panel.take(Verdict.A),
                KEYS["take_b"]: lambda: panel.take(Verdict.B),
            }
        )

    def show_active_case(self) -> None:
        """Offer the label maps of the active case; call it when these may have changed."""
        key = self._bridge.active_case_key
        maps = self._bridge.label_maps(key) if key else ()
        pair = self._choose(key or "", maps)
        choices = [Choice(m.map_id, m.title, m.details) for m in maps]
        a, b = pair or (*maps[:1], None, None)[:2]
        self._panel.show_pair(choices, _id_of(a), _id_of(b))
        if self._third is not None and self._bridge.layer_labels(self._third.layer) is None:
            self._third = None  # removed: what was decided went with it
            self._show_verdicts()
        if key != self._key or _ids(pair) != _ids(self._maps):
            self._key, self._maps = key, pair
            self._forget("" if pair else NEEDS_TWO)

    def cancel(self) -> None:
        """Compare no more."""
        if self._job is not None:
            self._job.cancel()

    def follow_step(self, step: Step) -> None:
        """Keep the decisions in step with the history of the third mask."""
        third, pair = self._third, self._pair
        if pair is not None and step.layer in [side.layer for side in self._maps or ()]:
            self._panel.show_message(STALE)
        if third is None or pair is None or step.layer is not third.layer:
            return
        chosen = self._panel.table.chosen
        painted = third.painted_in(pair, () if chosen is None else (chosen,))
        if step.kind == "undo":
            third.history.undo()
        elif step.kind == "redo":
            third.history.redo()
        elif self._deciding is not None:
            third.took(pair, self._deciding)
        else:
            third.took(pair, self._decision(painted, Verdict.PAINTED) if painted else None)
        third.note()
        self._show_verdicts()

    # -- the pair

    def _choose(
        self, key: str, maps: Sequence[OpenLabelMap]
    ) -> tuple[OpenLabelMap, OpenLabelMap] | None:
        """What was chosen, as long as both are there; the third mask is nobody's side by itself."""
        by_id = {m.map_id: m for m in maps}
        a, b = (by_id.get(i) for i in self._picked.get(key, ("", "")))
        if a is not None and b is not None:
            return a, b
        third = None if self._third is None else self._third.layer
        pair = default_pair([m for m in maps if m.layer is not third])
        if pair is not None:
            self._picked[key] = _ids(pair)  # for the third mask would be the newest one
        return pair

    def _on_pair_chosen(self, a: str, b: str) -> None:
        """Take the pair; one label map chosen for both sides makes them change places."""
        if a == b and self._maps is not None:
            b, a = _ids(self._maps)
        if self._key is not None:
            self._picked[self._key] = a, b
            self.show_active_case()

    def _on_files(self, paths: Sequence) -> None:
        try:
            self._bridge.open_paths(paths)
        except BratsError as error:
            self._panel.show_message(str(error), is_error=True)

    def _on_figures(self) -> None:
        if self._maps is not None:
            self._show_figures(*_ids(self._maps))

    def _forget(self, text: str, *, is_error: bool = False) -> None:
        self.cancel()
        self._pair = self._third = None
        self._shown = {}
        self._overlay.hide()
        self._panel.show_no_comparison(text, is_error=is_error)

    def _on_compare(self) -> None:
        if self._maps is None:
            return
        self.cancel()
        maps = self._maps
        try:
            a, b = (side.volume() for side in maps)
            require_one_grid(a, b)
        except BratsError as error:
            self._forget(str(error), is_error=True)
            return
        self._panel.show_busy()
        self._job = run_job(
            compare_pair(a, b, tag_of(maps[0].layer).order, self._panel.region),
            on_returned=self._take_pair,
            on_failed=lambda error: self._forget(str(error), is_error=True),
            owner=self._panel,
        )

    def _take_pair(self, pair: ComparedPair) -> None:
        self._pair, self._shown = pair, {}
        if self._third is not None:
            self._third.begin_round(pair)
        self._panel.show_comparison(pair.comparison.items, pair.place_of, pair.figures)
        self._show_overlay()

    def _show_overlay(self) -> None:
        if self._pair is None or self._maps is None or not self._panel.overlay_box.isChecked():
            self._overlay.hide()
            return
        pair = self._pair
        self._overlay.show(pair.order.to_disk(pair.kinds), self._maps[0].layer, "Comparison")
        if self._shown:
            self._overlay.change(pair.comparison.box, pair.open_kinds(self._shown))

    # -- one difference

    def _on_part(self, part: Part) -> None:
        if self._pair is not None and self._key is not None and self._maps is not None:
            layer = self._maps[0].layer if self._third is None else self._third.layer
            self._bridge.go_to(self._key, self._pair.voxel_of(part), layer)

    def _on_take(self, parts: tuple[Part, ...], verdict: Verdict) -> None:
        try:
            layer = self._third_layer()
        except BratsError as error:
            self._panel.show_message(str(error), is_error=True)
            return
        if layer is None or self._pair is None:
            return
        edit = self._pair.comparison.take(layer.data, parts, SIDES[verdict])
        if edit is None:
            return
        self._deciding = self._decision(parts, verdict)
        self._bridge.tools.apply(layer, edit, tool=f"Take {verdict}", even_if_equal=True)
        self._deciding = None
        if (layer.data[edit.box] != edit.labels).any():
            self._panel.show_message("Locks kept some of it as it was: see 'Correct'.")
        else:
            self._panel.message.clear_message()
        if self._panel.onward_box.isChecked():
            self._panel.step(1)

    def _on_paint(self, part: Part) -> None:
        try:
            layer = self._third_layer()
        except BratsError as error:
            self._panel.show_message(str(error), is_error=True)
            return
        if layer is not None:
            self._on_part(part)
            self._bridge.tools.choose_label(part.labels[0] or part.labels[1])
            self._panel.show_message(f"Paint in '{layer.name}': the first stroke here decides.")

    def _decision(self, parts: Sequence[Part], verdict: Verdict) -> Decision:
        now, editor = datetime.now().astimezone(), read_settings().editor
        round_ = 0 if self._third is None else self._third.round
        return Decision(round_, parts, verdict, now, editor)

    def _third_layer(self) -> Labels | None:
        """The third mask's layer, made when the first decision asks for it; None without a pair."""
        if self._pair is None or self._maps is None or self._key is None:
            return None
        if self._third is None:
            a, b = self._maps
            labels = self._pair.undecided_labels(self._panel.undecided)
            reason = f"made of '{a.title}' and '{b.title}'"
            layer = self._bridge.layers.add_third_mask(self._key, labels, a.layer, reason)
            self._overlay.put_on_top()
            for other in (a.layer, b.layer):
                other.visible = False  # masks on top of each other cannot be read
            began_as = self._panel.undecided_box.currentText()
            self._third = ThirdMask(layer, (a.title, b.title), began_as)
            self._third.begin_round(self._pair)
            self._third.note()
        return self._third.layer

    def _show_verdicts(self) -> None:
        """Tick what is decided, and take it out of the layer that shows the differences."""
        third, pair = self._third, self._pair
        if pair is None:
            return
        verdicts = {} if third is None else third.history.verdicts(third.round)
        self._panel.show_verdicts(verdicts)
        if verdicts.keys() != self._shown.keys():
            self._shown = verdicts
            self._overlay.change(pair.comparison.box, pair.open_kinds(verdicts))
        self._shown = verdicts


def _id_of(label_map: OpenLabelMap | None) -> str:
    return "" if label_map is None else label_map.map_id


def _ids(pair: tuple[OpenLabelMap, OpenLabelMap] | None) -> tuple[str, str]:
    return ("", "") if pair is None else (pair[0].map_id, pair[1].map_id)
