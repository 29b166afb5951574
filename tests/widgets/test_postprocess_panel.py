"""The panel alone: sliders to options and back."""

from __future__ import annotations

from dataclasses import fields

import pytest

from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.widgets.postprocess_panel import PostprocessPanel

pytestmark = pytest.mark.gui_smoke


@pytest.fixture
def panel(qtbot):
    panel = PostprocessPanel()
    qtbot.addWidget(panel)
    panel.set_enabled(True)
    return panel


def test_every_option_of_the_engine_has_a_control(panel):
    assert set(panel.controls) == {field.name for field in fields(PostprocessOptions)}


def test_it_starts_with_the_engines_defaults(panel):
    assert panel.options() == PostprocessOptions()


def test_moving_a_slider_emits_the_options(panel, qtbot):
    with qtbot.waitSignal(panel.options_changed) as caught:
        panel.controls["threshold_et"].value = 0.3
    assert caught.args == [PostprocessOptions(threshold_et=0.3)]


def test_options_are_what_the_sliders_show(panel):
    panel.controls["threshold_wt"].value = 0.208841  # where a dragged slider may stop
    assert panel.options().threshold_wt == 0.21


def test_set_options_moves_the_sliders_silently(panel, qtbot):
    wanted = PostprocessOptions(
        *(0.4, 0.6, 0.7), *(250.0, 40.0, 3.0), *(2, 1, 0), 200.0, 8.0, True, 1.5, 2.0, 0.5
    )
    with qtbot.assertNotEmitted(panel.options_changed):
        panel.set_options(wanted)
    assert panel.options() == wanted


def test_reset_goes_back_to_the_defaults_in_one_step(panel, qtbot):
    panel.set_options(PostprocessOptions(0.4, 0.6, 0.7))
    emitted = []
    panel.options_changed.connect(emitted.append)
    panel.reset_button.click()
    panel.reset_button.click()  # nothing left to reset
    assert emitted == [PostprocessOptions()]


def test_reset_goes_back_to_what_the_bundle_begins_with(panel):
    panel.defaults = PostprocessOptions(threshold_et=0.4, min_component_wt_mm3=500.0)
    emitted = []
    panel.options_changed.connect(emitted.append)
    panel.reset_button.click()
    assert emitted == [panel.defaults] == [panel.options()]


def test_a_card_may_tell_more_than_a_slider_reaches(panel):
    wanted = PostprocessOptions(threshold_wt=0.0, closing_mm=25.0, largest_et=200)
    panel.set_options(wanted)
    assert panel.options() == wanted


def test_zero_is_a_word_where_it_is_a_limit(panel):
    assert panel.controls["largest_wt"].native.text() == "all"
    assert panel.controls["min_component_et_mm3"].native.text() == "any"
    assert panel.controls["et_to_ncr_mm3"].native.text() == "any"


def test_the_question_about_edits_is_answered_by_its_two_buttons(panel, qtbot):
    assert panel.edits_bar.isHidden()
    panel.ask_about_edits(True)
    assert not panel.edits_bar.isHidden()
    with qtbot.waitSignal(panel.replace_requested):
        panel.edits_bar.replace_button.click()
    with qtbot.waitSignal(panel.keep_edits_requested):
        panel.edits_bar.keep_button.click()


def test_without_a_result_it_is_off_and_says_what_to_do(panel):
    panel.ask_about_edits(True)
    panel.set_enabled(False, "Run a segmentation first.")
    assert not panel.form.isEnabled()
    assert panel.hint.text() == "Run a segmentation first."
    assert panel.edits_bar.isHidden()
