"""The lines of a worklist as Qt shows, sorts and filters them; one model for table and sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt
from qtpy.QtGui import QColor, QFont, QPainter, QPixmap, QPixmapCache

from napari_brats.workspace.status_files import CaseState, Holder
from napari_brats.workspace.worklist import WorkCase
from napari_brats.workspace.worklist_claims import in_words

COLUMNS: Mapping[str, str] = {
    "Case": "Its name; bold: open in this window",
    "Status": "To do, in progress, reviewed or problem; or who else has it open",
    "Dice": "What the network expects of its label map: mean expected Dice of WT, TC and ET",
    "Images": "Which modalities there are",
    "Mask": "Whether there is a label map",
    "Reviewer": "Who reviews it",
    "Note": "What was written about it",
}
CASE, STATUS, DICE, IMAGES, MASK, REVIEWER, NOTE = range(len(COLUMNS))

KEY_ROLE = Qt.ItemDataRole.UserRole
SORT_ROLE = Qt.ItemDataRole.UserRole + 1
PICTURE_ROLE = Qt.ItemDataRole.UserRole + 2

STATE_COLORS: Mapping[CaseState, str] = {
    CaseState.TO_DO: "#8c8c8c",
    CaseState.IN_PROGRESS: "#56b4e9",
    CaseState.REVIEWED: "#009e73",
    CaseState.PROBLEM: "#d55e00",
}
"""From Okabe and Ito (2008); the words stand beside them."""

DOT_PX = 10

OtherHolder = Callable[[WorkCase], Holder | None]

FILTERS: Mapping[str, str] = {
    "": "All",
    **{state.value: state.value.capitalize() for state in CaseState},
    "no mask": "Without mask",
    "open": "Open elsewhere",
}


class WorklistModel(QAbstractTableModel):
    """Shows `WorkCase` values; ``other_holder`` tells who else has one open."""

    def __init__(self, other_holder: OtherHolder) -> None:
        super().__init__()
        self._other_holder = other_holder
        self._cases: list[WorkCase] = []
        self._rows: dict[str, int] = {}
        self._pictures: dict[str, Path] = {}
        self._open_key = ""
        self._dots = {state: _dot(color) for state, color in STATE_COLORS.items()}

    def show_cases(self, cases: Sequence[WorkCase]) -> None:
        """Show these cases; if they are the same ones as before, only what is said of them."""
        keys = [case.key for case in cases]
        if keys == list(self._rows):
            self._cases = list(cases)
            if cases:
                self._tell(0, len(cases) - 1)
            return
        self.beginResetModel()
        self._cases = list(cases)
        self._rows = {key: row for row, key in enumerate(keys)}
        self.endResetModel()

    def show_case(self, case: WorkCase) -> None:
        """Show what is known of one case now; nothing if it is not in the list."""
        row = self._rows.get(case.key)
        if row is not None:
            self._cases[row] = case
            self._tell(row, row)

    def show_open(self, key: str) -> None:
        """Say which case is open in this window; empty for none."""
        former, self._open_key = self._open_key, key
        for one in (former, key):
            if one in self._rows:
                self._tell(self._rows[one], self._rows[one])

    def show_picture(self, key: str, path: Path) -> None:
        """Show the picture in a file with a case."""
        if key in self._rows:
            self._pictures[key] = path
            self._tell(self._rows[key], self._rows[key])

    def has_picture(self, key: str) -> bool:
        """Whether a case has its picture."""
        return key in self._pictures

    def forget_pictures(self, keys: Iterable[str]) -> None:
        """Let go of the pictures of cases whose files changed."""
        for key in keys:
            self._pictures.pop(key, None)

    def case(self, key: str) -> WorkCase | None:
        """The case with that key."""
        row = self._rows.get(key)
        return None if row is None else self._cases[row]

    def cases(self) -> tuple[WorkCase, ...]:
        """All cases, in the order of the list."""
        return tuple(self._cases)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        """One row per case."""
        return 0 if parent.isValid() else len(self._cases)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """One per entry of `COLUMNS`."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """The columns' titles and what they mean."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return list(COLUMNS)[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return list(COLUMNS.values())[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What is shown in a cell, and what it is sorted by."""
        case, column = self._cases[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(case, column)
        if role == SORT_ROLE:
            return _sort_value(case, column)
        if role == KEY_ROLE:
            return case.key
        if role == Qt.ItemDataRole.ToolTipRole:
            return details_of(case, self._other_holder(case))
        if role == PICTURE_ROLE:
            return self._picture(case.key)
        if role == Qt.ItemDataRole.DecorationRole and column == STATUS:
            return self._dots[case.status.state]
        if role == Qt.ItemDataRole.FontRole and column == CASE and case.key == self._open_key:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.TextAlignmentRole and column == DICE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _text(self, case: WorkCase, column: int) -> str:
        holder = self._other_holder(case) if column == STATUS else None
        if holder is not None:
            return f"open: {holder.editor or 'elsewhere'}"
        return {
            CASE: case.case_id,
            STATUS: case.status.state.value,
            DICE: "" if case.quality is None else f"{case.quality:.2f}",
            IMAGES: case.modalities_text,
            MASK: "yes" if case.mask else "no",
            REVIEWER: case.status.reviewer,
            NOTE: case.status.note or case.status.message,
        }[column]

    def _picture(self, key: str) -> QPixmap | None:
        path = self._pictures.get(key)
        if path is None:
            return None
        picture = QPixmapCache.find(str(path))  # bounded, and shared by all views
        if picture is None or picture.isNull():
            picture = QPixmap(str(path))
            QPixmapCache.insert(str(path), picture)
        return picture

    def _tell(self, first: int, last: int) -> None:
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))


class WorklistFilter(QSortFilterProxyModel):
    """Sorts by `SORT_ROLE` and leaves out what was not searched for."""

    def __init__(self, model: WorklistModel, other_holder: OtherHolder) -> None:
        super().__init__()
        self._other_holder = other_holder
        self._search, self._filter = "", ""
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)

    def search(self, text: str) -> None:
        """Show only cases whose id holds ``text``, in capitals or not."""
        self._search = text.strip().casefold()
        self.invalidateFilter()

    def choose(self, name: str) -> None:
        """Show only what one of `FILTERS` is about."""
        self._filter = name
        self.invalidateFilter()

    def shown_keys(self) -> list[str]:
        """The keys of the cases that are shown, in the order of the view."""
        return [self.index(row, 0).data(KEY_ROLE) for row in range(self.rowCount())]

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        """Whether a case is among those asked for."""
        del parent
        case = self.sourceModel().cases()[row]
        if self._search not in case.case_id.casefold():
            return False
        if self._filter == "no mask":
            return case.mask is None
        if self._filter == "open":
            return self._other_holder(case) is not None
        return not self._filter or case.status.state.value == self._filter

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        """Numbers as numbers; what is alike stays in the order of the list."""
        one, two = left.data(SORT_ROLE), right.data(SORT_ROLE)
        return (one, left.row()) < (two, right.row())


def details_of(case: WorkCase, holder: Holder | None) -> str:
    """All that is known of a case, for a tool tip and the lines below the list."""
    status = case.status
    dice = ", ".join(f"{region.value} {value:.2f}" for region, value in case.expected_dice.items())
    volumes = ", ".join(f"{r.value} {value:.1f} ml" for r, value in case.volumes_ml.items())
    lines = [
        case.case_id,
        f"Images: {case.modalities_text}; mask: {case.mask.name if case.mask else 'none'}",
        f"Open by {in_words(holder)}" if holder else "",
        f"Expected Dice: {dice} (estimated; research only)" if dice else "",
        f"Volumes: {volumes}" if volumes else "",
        f"Note: {status.note}" if status.note else "",
        status.message,
        *(problem.text for problem in case.files.problems),
        *status.problems,
    ]
    return "\n".join(line for line in lines if line)


def _sort_value(case: WorkCase, column: int) -> Any:
    if column == DICE:  # what nobody expects anything of comes last
        return math.inf if case.quality is None else case.quality
    if column == STATUS:
        return list(CaseState).index(case.status.state)
    return {
        CASE: case.case_id.casefold(),
        IMAGES: len(case.files.missing),
        MASK: case.mask is not None,
        REVIEWER: case.status.reviewer.casefold(),
        NOTE: (case.status.note or case.status.message).casefold(),
    }[column]


def _dot(color: str) -> QPixmap:
    picture = QPixmap(DOT_PX, DOT_PX)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(color))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(1, 1, DOT_PX - 2, DOT_PX - 2)
    painter.end()
    return picture
