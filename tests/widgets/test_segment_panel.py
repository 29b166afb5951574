"""The panel alone: what it emits and what it shows."""

from __future__ import annotations

import pytest

from napari_brats.core.progress import Progress
from napari_brats.widgets.choice_box import Choice
from napari_brats.widgets.segment_panel import SegmentPanel, SegmentRequest

pytestmark = pytest.mark.gui_smoke


@pytest.fixture
def panel(qtbot):
    panel = SegmentPanel()
    qtbot.addWidget(panel)
    panel.set_bundles([Choice("unet", "3D U-Net", "trained on 17 cases"), Choice("big", "Big")])
    panel.set_devices([Choice("auto", "auto (cpu)"), Choice("cpu", "cpu")])
    panel.set_blocker("")
    return panel


def test_run_emits_what_is_chosen(panel, qtbot):
    panel.bundle_box.setCurrentIndex(1)
    panel.device_box.setCurrentIndex(1)
    panel.probabilities_box.setChecked(True)
    with qtbot.waitSignal(panel.run_requested) as caught:
        panel.run_button.click()
    assert caught.args == [SegmentRequest("big", "cpu", True)]


def test_run_is_off_with_a_reason_until_there_is_a_case(panel):
    panel.set_blocker("Open a case first.")
    assert not panel.run_button.isEnabled()
    assert panel.run_button.toolTip() == "Open a case first."


def test_run_is_off_until_bundles_and_devices_are_known(qtbot):
    panel = SegmentPanel()
    qtbot.addWidget(panel)
    panel.set_blocker("")
    assert not panel.run_button.isEnabled()
    panel.set_bundles([Choice("unet", "3D U-Net")])
    panel.set_devices([Choice("cpu", "cpu")])
    assert panel.run_button.isEnabled()


def test_running_swaps_run_for_cancel_and_back(panel, qtbot):
    panel.set_running(True)
    assert (panel.run_button.isEnabled(), panel.cancel_button.isEnabled()) == (False, True)
    assert not panel.progress.isHidden()
    with qtbot.waitSignal(panel.cancel_requested):
        panel.cancel_button.click()
    panel.set_running(False)
    assert (panel.run_button.isEnabled(), panel.cancel_button.isEnabled()) == (True, False)
    assert panel.progress.isHidden()


def test_progress_shows_the_step_and_the_time_left(panel):
    panel.set_running(True)
    panel.show_progress(Progress(3, 12, "Window 3 of 12"), 9.2)
    assert (panel.progress.bar.value(), panel.progress.bar.maximum()) == (3, 12)
    assert panel.progress.words.text() == "Window 3 of 12, 9 s left"


def test_a_new_run_clears_the_former_error(panel):
    panel.show_error("no memory")
    assert not panel.message.isHidden()
    panel.set_running(True)
    assert panel.message.isHidden()


def test_a_chosen_bundle_stays_chosen_when_the_list_is_renewed(panel):
    panel.bundle_box.setCurrentIndex(1)
    panel.set_bundles([Choice("new", "New"), Choice("unet", "3D U-Net"), Choice("big", "Big")])
    assert panel.bundle_box.currentText() == "Big"


def test_the_list_of_bundles_can_be_renewed_as_it_opens(panel, qtbot):
    panel.bundle_box.about_to_open.connect(
        lambda: panel.set_bundles([Choice("unet", "3D U-Net"), Choice("mine", "Mine (yours)")])
    )
    with qtbot.assertNotEmitted(panel.bundle_box.choice_changed):
        panel.bundle_box.showPopup()
    panel.bundle_box.hidePopup()
    assert panel.bundle_box.itemText(1) == "Mine (yours)"
    assert panel.bundle_box.chosen == "unet"


def test_a_chosen_bundle_that_is_gone_changes_the_choice(panel, qtbot):
    panel.bundle_box.setCurrentIndex(1)
    with qtbot.waitSignal(panel.bundle_box.choice_changed):
        panel.set_bundles([Choice("unet", "3D U-Net")])
    assert panel.bundle_box.chosen == "unet"


def test_what_to_expect_is_shown_until_there_is_nothing_to_say(panel):
    panel.show_expectation("Expect Dice WT 0.8")
    assert panel.expectation.text() == "Expect Dice WT 0.8"
    panel.show_expectation("")
    assert panel.expectation.isHidden()


def test_markup_in_an_error_is_shown_as_it_is(panel):
    panel.show_error("<b>case</b>")
    assert "<b>" in panel.message.text()
