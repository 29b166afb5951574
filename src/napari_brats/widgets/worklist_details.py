"""What is said of the selected case of a worklist, and can be said anew."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QFormLayout, QLineEdit, QVBoxLayout, QWidget

from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.elided_label import ElidedLabel
from napari_brats.widgets.message import MessageLabel
from napari_brats.workspace.status_files import CaseState
from napari_brats.workspace.worklist import WorkCase

_STATES = tuple(Choice(state.value, state.value.capitalize()) for state in CaseState)


class WorklistDetails(QWidget):
    """Emits `said` with a case's key and what the user said of it: entry name -> value."""

    said = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = ""
        self.title = ElidedLabel()
        self.state = ChoiceBox()
        self.state.set_choices(_STATES)
        self.reviewer = QLineEdit()
        self.reviewer.setToolTip("Who reviews this case; others see it in the folder's status file")
        self.note = QLineEdit()
        self.note.setToolTip("What others should know; kept in the folder's status file")
        self.facts = MessageLabel()
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Status", self.state)
        form.addRow("Reviewer", self.reviewer)
        form.addRow("Note", self.note)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.title)
        layout.addLayout(form)
        layout.addWidget(self.facts)
        self.state.choice_changed.connect(lambda: self._say("state", self.state.chosen))
        self.reviewer.editingFinished.connect(lambda: self._say_text("reviewer", self.reviewer))
        self.note.editingFinished.connect(lambda: self._say_text("note", self.note))
        self.show_case(None, "")

    def show_case(self, case: WorkCase | None, facts: str) -> None:
        """Show a case, or none; a field that is being typed into is left alone."""
        is_other = (case.key if case else "") != self._key
        if is_other:
            self._finish()
        self._key = case.key if case else ""
        self.setVisible(case is not None)
        if case is None:
            return
        self.title.setText(case.case_id)
        self.state.show_choices(_STATES, case.status.state.value)
        for field, text in ((self.reviewer, case.status.reviewer), (self.note, case.status.note)):
            if is_other or not field.hasFocus():
                with QSignalBlocker(field):
                    field.setText(text)
                    field.setModified(False)
        self.facts.show_note(facts)

    def _finish(self) -> None:
        """Take what was typed, for it is about the case shown until now."""
        self._say_text("reviewer", self.reviewer)
        self._say_text("note", self.note)

    def _say_text(self, name: str, field: QLineEdit) -> None:
        if field.isModified():
            field.setModified(False)
            self._say(name, field.text().strip())

    def _say(self, name: str, value: str) -> None:
        if self._key:
            self.said.emit(self._key, {name: value})
