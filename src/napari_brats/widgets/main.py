"""The dock widget "BraTS": the panels, wired to the viewer and the engine. It holds no logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_brats.core.labels import Region
from napari_brats.widgets._results import AutomaticResult
from napari_brats.widgets._worker import run_job
from napari_brats.widgets.anomaly_control import AnomalyController
from napari_brats.widgets.anomaly_panel import AnomalyPanel
from napari_brats.widgets.bundle_control import BundleController
from napari_brats.widgets.case_panel import CasePanel
from napari_brats.widgets.case_wiring import CaseWiring
from napari_brats.widgets.compare_control import CompareController
from napari_brats.widgets.compare_panel import ComparePanel
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.device_choices import find_devices
from napari_brats.widgets.dock_life import DockLife
from napari_brats.widgets.error_overlay import ERROR_COLORS
from napari_brats.widgets.goto_control import GoToController
from napari_brats.widgets.goto_panel import GoToPanel
from napari_brats.widgets.help_page import HelpPage
from napari_brats.widgets.keys import SHAPE_KEYS
from napari_brats.widgets.measure_control import MeasureController
from napari_brats.widgets.measure_panel import MeasurePanel
from napari_brats.widgets.metrics_control import MetricsController
from napari_brats.widgets.metrics_live import ADDED, MISSED
from napari_brats.widgets.metrics_panel import MetricsPanel
from napari_brats.widgets.postprocess_control import PostprocessController
from napari_brats.widgets.postprocess_panel import PostprocessPanel
from napari_brats.widgets.privacy_panel import PrivacyPanel
from napari_brats.widgets.refine_control import RefineController
from napari_brats.widgets.refine_panel import RefinePanel
from napari_brats.widgets.refine_probability import probability_on
from napari_brats.widgets.report_control import ReportController
from napari_brats.widgets.report_panel import ReportPanel
from napari_brats.widgets.restore_panel import RestorePanel
from napari_brats.widgets.results_bar import ResultsBar
from napari_brats.widgets.review_control import ReviewController
from napari_brats.widgets.review_panel import ReviewPanel
from napari_brats.widgets.safety import Safety
from napari_brats.widgets.save_panel import SavePanel
from napari_brats.widgets.section import Section, SectionArea
from napari_brats.widgets.segment_control import Engine, SegmentController, segment_by_name
from napari_brats.widgets.segment_panel import SegmentPanel
from napari_brats.widgets.settings_control import SettingsController
from napari_brats.widgets.shape_tools_control import ShapeToolsController
from napari_brats.widgets.shape_tools_panel import ShapeToolsPanel
from napari_brats.widgets.surfaces_control import SurfacesController
from napari_brats.widgets.surfaces_view import SurfacesView
from napari_brats.widgets.tools_control import ToolsController
from napari_brats.widgets.tools_panel import ToolsPanel
from napari_brats.widgets.view_panel import ViewPanel
from napari_brats.widgets.view_wiring import ViewWiring
from napari_brats.widgets.viewer_bridge import ViewerBridge

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer


class BratsWidget(QWidget):
    """All sections, from Case to Save; one per window, with its own running state."""

    def __init__(self, napari_viewer: Viewer, engine: Engine = segment_by_name) -> None:
        super().__init__()
        self.bridge = ViewerBridge(napari_viewer, parent=self)
        self.case_panel = CasePanel()
        self.segment_panel = SegmentPanel()
        self.review_panel = ReviewPanel()
        self.postprocess_panel = PostprocessPanel()
        self.view_panel = ViewPanel()
        self.goto_panel = GoToPanel()
        self.correct_panel = CorrectPanel()
        self.save_panel = SavePanel()
        self.shape_tools_panel = ShapeToolsPanel()
        self.refine_panel = RefinePanel()
        self.tools_panel = ToolsPanel(self.shape_tools_panel, self.refine_panel)
        self.measure_panel = MeasurePanel()
        self.metrics_panel = MetricsPanel()
        self.compare_panel = ComparePanel()
        self.report_panel = ReportPanel()
        self.anomaly_panel = AnomalyPanel()
        self.results_bar = ResultsBar()
        self.restore_panel = RestorePanel()
        self.privacy_panel = PrivacyPanel()
        self._results: dict[Layer, AutomaticResult] = {}
        self._lay_out()
        self._wire(engine)

    def _wire(self, engine: Engine) -> None:
        """Give each panel its controller, and connect these with each other."""
        self._wire_case()
        self._wire_network(engine)
        self._wire_tools()
        self._wire_numbers()
        self._wire_views()
        self.report_control = ReportController(
            self.report_panel, self.bridge, self.measure_control.diameters_by_hand, self
        )
        self._followers = (
            self.metrics_control,
            self.compare_control,
            self.measure_control,
            self.goto_control,
            self.surfaces_control,
            self.report_control,
        )
        self.bridge.cases_changed.connect(self._on_cases_changed)
        self.bridge.active_case_changed.connect(self._on_cases_changed)
        self.bridge.tools.changed.connect(self._show_active_result)
        self.bridge.volumes.changed.connect(self._on_volumes_changed)
        self.bundle_control.offer()
        self._offer_devices()
        self._on_cases_changed()

    def _wire_case(self) -> None:
        wiring = CaseWiring(self.bridge, self.case_panel, self.correct_panel, self.save_panel)
        self.correcting = wiring.correcting
        self.safety = Safety(
            self.restore_panel, self.privacy_panel, self.bridge, wiring, self._device, self
        )
        life = DockLife(self, self.shut_down, self.safety.guard.may_close_panel)
        life.shown.connect(lambda: self.safety.watch(self.window()))
        life.dock_closed.connect(self._leave_viewer)
        self.settings_control = SettingsController(self.bridge, self.sections.sections, self)
        self.settings_control.problem.connect(self.restore_panel.show_trouble)

    def _wire_network(self, engine: Engine) -> None:
        self.postprocess_control = PostprocessController(
            self.postprocess_panel, self.bridge, self._active_result, self
        )
        self.segment_control = SegmentController(
            self.segment_panel,
            self.bridge,
            self.postprocess_control.options_of_a_run,
            engine,
            self,
        )
        self.segment_control.result_ready.connect(self._on_result_ready)
        self.bundle_control = BundleController(self.segment_panel, self.bridge, self)
        self.review_control = ReviewController(
            self.review_panel, self.bridge, self._active_result, self
        )
        self.anomaly_control = AnomalyController(
            self.anomaly_panel, self.bridge, self._device, self
        )

    def _wire_tools(self) -> None:
        keys = self.bridge.key_bindings
        self.tools_control = ToolsController(self.tools_panel, self.bridge, self)
        keys.bind(self.tools_control.actions)
        self.shape_tools_control = ShapeToolsController(self.shape_tools_panel, self.bridge, self)
        keys.bind(self.shape_tools_control.actions)
        self.refine_control = RefineController(
            self.refine_panel,
            self.shape_tools_panel,
            self.bridge,
            self.tools_control.images,
            lambda layer, target: probability_on(self._results.get(layer), layer, target),
            self,
        )
        self.refine_control.about_to_take_mouse.connect(lambda: self.tools_control.choose(""))
        keys.bind({SHAPE_KEYS["refine"]: self.refine_control.toggle})

    def _wire_numbers(self) -> None:
        bridge = self.bridge
        self.metrics_control = MetricsController(self.metrics_panel, bridge, bridge.errors, self)
        bridge.tools.edited.connect(self.metrics_control.follow_edit)
        bridge.errors.removed.connect(self.metrics_panel.show_errors_removed)
        self.metrics_panel.show_legend(*(ERROR_COLORS[error] for error in (MISSED, ADDED)))
        self.compare_control = CompareController(
            self.compare_panel, bridge, bridge.comparison, self._show_figures_of, self
        )
        self.measure_control = MeasureController(self.measure_panel, bridge, bridge.diameters, self)
        bridge.tools.edited.connect(self.measure_control.follow_edit)
        bridge.diameters.edited.connect(self.measure_control.take_edited)
        bridge.diameters.removed.connect(self.measure_panel.show_lines_removed)

    def _wire_views(self) -> None:
        bridge = self.bridge
        ViewWiring(bridge, self.view_panel)
        self.view_panel.layout_chosen.connect(self.settings_control.choose_layout)
        self.goto_control = GoToController(self.goto_panel, bridge, bridge.reading, self)
        bridge.tools.edited.connect(self.goto_control.follow_edit)
        bridge.key_bindings.bind(self.goto_control.actions)
        self.surfaces_view = SurfacesView(lambda: bridge.view.volume_viewer, self)
        self.surfaces_control = SurfacesController(
            self.view_panel, bridge, self.surfaces_view, self
        )
        bridge.tools.edited.connect(self.surfaces_control.follow_edit)
        self.surfaces_control.follow(bridge.view)
        bridge.key_bindings.bind(self.surfaces_control.actions)

    def _device(self) -> str:
        return self.segment_panel.device_box.chosen

    def shut_down(self) -> None:
        """Stop what runs and let go of the viewer. Harmless when called twice."""
        working = (self.segment_control, self.anomaly_control, self.shape_tools_control)
        for control in (*working, *self._followers):
            control.cancel()
        self.refine_control.close()
        self.tools_control.close()
        self.surfaces_view.close()
        self.settings_control.store()
        self.correcting.store()
        self.safety.shut_down()
        self.bridge.close()

    def _leave_viewer(self) -> None:
        """Let a viewer that stays look as before."""
        self.bridge.view.leave_side_by_side()
        for drawn in (self.bridge.errors, self.bridge.comparison, self.bridge.diameters):
            drawn.hide()
        self.surfaces_view.hide()

    def _lay_out(self) -> None:
        sections = [
            Section("Case", self.case_panel),
            Section("Segment", self.segment_panel),
            Section("Review", self.review_panel),
            Section("Post-process", self.postprocess_panel, is_open=False),
            Section("View", self.view_panel),
            Section("Go to", self.goto_panel, is_open=False),
            Section("Correct", self.correct_panel),
            Section("Tools", self.tools_panel),
            Section("Measures", self.measure_panel, is_open=False),
            Section("Metrics", self.metrics_panel, is_open=False),
            Section("Compare", self.compare_panel, is_open=False),
            Section("Save", self.save_panel),
            Section("Report", self.report_panel),
            Section("Anomaly and denoising", self.anomaly_panel, is_open=False),
            Section("Settings and data", self.privacy_panel, is_open=False),
        ]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.restore_panel)
        self.sections = SectionArea(sections)
        layout.addWidget(self.sections, 1)
        layout.addWidget(self.results_bar)
        self.help_button = QPushButton("Keys and help")
        self.help_button.setToolTip("First steps, and all keys by task, in a window of its own")
        self.help_page = HelpPage(self)
        self.help_button.clicked.connect(self.help_page.show)
        layout.addWidget(self.help_button)

    def _active_result(self) -> AutomaticResult | None:
        """That of the label map which is edited and saved, if a run of this session made it."""
        key = self.bridge.active_case_key
        layer = self.bridge.label_layer(key) if key else None
        return None if layer is None else self._results.get(layer)

    def _show_figures_of(self, a: str, b: str) -> None:
        """Score two label maps, by their ids, in the section "Metrics", and unfold that."""
        self.metrics_panel.pair_chosen.emit(a, b)
        self.sections.unfold(self.metrics_panel)

    def _on_result_ready(self, result: AutomaticResult) -> None:
        self._results[result.layer] = result
        self._show_active_result()

    def _on_cases_changed(self) -> None:
        for layer in tuple(self._results):
            if self.bridge.layer_labels(layer) is None:
                del self._results[layer]  # with its probabilities, some 50 MB
        blocker = "" if self.bridge.keys() else "Open a case first."
        self.segment_panel.set_blocker(blocker)
        self.anomaly_panel.set_blocker(blocker)
        self.bundle_control.show_expectation()
        for control in self._followers:
            control.show_active_case()
        self._show_active_result()

    def _show_active_result(self) -> None:
        self.postprocess_control.show_active_result()
        self.review_control.show_active_result()

    def _on_volumes_changed(self, key: str, volumes_ml: Mapping[Region, float]) -> None:
        del key  # always that of the active case
        self.results_bar.show_volumes(volumes_ml)

    def _offer_devices(self) -> None:
        run_job(
            find_devices(),
            on_returned=self.segment_panel.set_devices,
            on_failed=lambda error: self.segment_panel.show_error(str(error)),
            owner=self,
        )
