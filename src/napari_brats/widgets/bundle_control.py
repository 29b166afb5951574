"""Offers the bundles at hand, and tells what to expect from the chosen one on the active case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from qtpy.QtCore import QObject

from napari_brats.core.case import Case
from napari_brats.core.errors import BratsError
from napari_brats.models.bundle import Bundle, BundleList, find_bundles
from napari_brats.models.card import Card
from napari_brats.models.subset_scores import expectation_text
from napari_brats.widgets.choice_box import Choice
from napari_brats.widgets.segment_panel import SegmentPanel


class CaseViewer(Protocol):
    """What the bridge to the viewer must offer here."""

    @property
    def active_case_key(self) -> str | None:
        """Key of the case that a run is about; None if none is open."""

    def case(self, key: str) -> Case:
        """An open case as a value; BratsError if it cannot be made one."""


class BundleController(QObject):
    """Fills the panel's list of bundles, anew whenever it is opened: others may have made some."""

    def __init__(
        self,
        panel: SegmentPanel,
        viewer: CaseViewer,
        parent: QObject,
        find: Callable[[], BundleList] = find_bundles,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._viewer = viewer
        self._find = find
        self._cards: dict[str, Card] = {}
        self._problems: tuple[str, ...] = ()
        panel.bundle_box.about_to_open.connect(self.offer)
        panel.bundle_box.choice_changed.connect(self.show_expectation)

    def offer(self) -> None:
        """Look for bundles and offer them; what is wrong with others is said once."""
        found = self._find()
        self._cards = {bundle.card.name: bundle.card for bundle in found.bundles}
        self._panel.set_bundles([bundle_choice(bundle) for bundle in found.bundles])
        if found.problems and found.problems != self._problems:
            self._panel.show_error("\n".join(found.problems))
        self._problems = found.problems

    def show_expectation(self) -> None:
        """Say what Dice the modalities of the active case let one expect."""
        card, key = self._cards.get(self._panel.bundle_box.chosen), self._viewer.active_case_key
        text = ""
        if card is not None and key is not None:
            try:
                text = expectation_text(card, self._viewer.case(key).modalities)
            except BratsError:  # the panel says why when Run is pressed
                text = ""
        self._panel.show_expectation(text)


def bundle_choice(bundle: Bundle) -> Choice:
    """A bundle as an entry of a drop-down; the tool tip says what it is meant for."""
    card = bundle.card
    details = [card.title, card.intended_use, card.limits]
    named = card.title if card.title == card.name else f"{card.name}: {card.title}"
    title = f"{named} (yours)" if bundle.is_users else card.title
    return Choice(card.name, title, "\n".join(text for text in details if text))
