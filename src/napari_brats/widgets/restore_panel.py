"""Offers edits that a crash left unsaved: a strip above the sections, hidden if there are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_brats.widgets.message import MessageLabel


@dataclass(frozen=True)
class RestoreOffer:
    """What one left-over journal holds.

    Attributes
    ----------
    path
        The journal.
    case_id
        Of the open case that it belongs to.
    written
        When its last edit was kept.
    voxels, volume_ml
        How much differs from what was opened or saved.
    steps
        How many steps led there.
    target
        Where restoring puts it, in words.
    is_damaged
        Whether edits after that moment could not be read.
    """

    path: Path
    case_id: str
    written: datetime
    voxels: int
    volume_ml: float
    steps: int
    target: str
    is_damaged: bool


class RestorePanel(QWidget):
    """One offer at a time, and what went wrong with keeping edits safe."""

    restore_requested = Signal(object)  # path of a journal
    discard_requested = Signal(object)
    later_requested = Signal(object)
    put_back_requested = Signal()
    let_go_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer: RestoreOffer | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 0)
        self.trouble = MessageLabel()
        self.offer_text = MessageLabel()
        self.note = MessageLabel()
        self.restore = _button("Restore", "Put these edits back; one step that can be undone")
        self.discard = _button("Discard", "Delete these edits for good")
        self.later = _button("Later", "Leave them; asked again when the case is opened again")
        self.put_back = _button("Put back", "Open the label map again as it was")
        self.let_go = _button("Discard edits", "Close it for good, without these edits")
        self._offer_row = _row(self.restore, self.discard, self.later)
        self._removed_row = _row(self.put_back, self.let_go)
        self.removed_text = MessageLabel()
        for part in (
            self.trouble, self.offer_text, self._offer_row, self.removed_text, self._removed_row,
            self.note,
        ):  # fmt: skip
            layout.addWidget(part)
        self.restore.clicked.connect(lambda: self._emit(self.restore_requested))
        self.discard.clicked.connect(lambda: self._emit(self.discard_requested))
        self.later.clicked.connect(lambda: self._emit(self.later_requested))
        self.put_back.clicked.connect(self.put_back_requested)
        self.let_go.clicked.connect(self.let_go_requested)
        self.show_offer(None)
        self.show_removed("")

    def show_offer(self, offer: RestoreOffer | None, others: int = 0) -> None:
        """Offer to restore; None for nothing. ``others`` more wait for their turn."""
        self._offer = offer
        self.offer_text.show_note("" if offer is None else _words(offer, others))
        self._offer_row.setVisible(offer is not None)
        self._hide_if_empty()

    def show_removed(self, text: str) -> None:
        """Say which label map was closed with unsaved edits, and offer to put it back."""
        self.removed_text.show_note(text)
        self._removed_row.setVisible(bool(text))
        self._hide_if_empty()

    def show_trouble(self, text: str) -> None:
        """Say why edits are not kept safe; empty when they are again."""
        self.trouble.show_error(text)
        self._hide_if_empty()

    def show_note(self, text: str) -> None:
        """Say what was done, or what else to know."""
        self.note.show_note(text)
        self._hide_if_empty()

    def _emit(self, signal: Signal) -> None:
        offer = self._offer
        if offer is not None:
            signal.emit(offer.path)

    def _hide_if_empty(self) -> None:
        said = (self.trouble, self.offer_text, self.removed_text, self.note)
        self.setVisible(any(label.text() for label in said))


def _words(offer: RestoreOffer, others: int) -> str:
    day = f"{offer.written.day} {offer.written:%B %Y, %H:%M:%S}"
    text = (
        f"Unsaved edits of case {offer.case_id} are left from {day}: {offer.voxels:,} voxels "
        f"({offer.volume_ml:.2f} ml) in {offer.steps} step{'s' * (offer.steps != 1)}. Restoring "
        f"puts them {offer.target}."
    )
    if offer.is_damaged:
        text += " The end of the journal is damaged: what came after that is lost."
    if others:
        text += f" {others} more to decide about."
    return text


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button


def _row(*buttons: QPushButton) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for button in buttons:
        layout.addWidget(button)
    return row
