"""The section "Review": the Dice to expect, what is unusual, and where to look. Knows no viewer."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_brats.core.review import Place, Review
from napari_brats.widgets.message import MessageLabel

MAX_ROWS = 6
"""Rows of the list that are seen at once; the others are scrolled to."""

NO_RESULT = "No run in this window made the active label map. Press Run to have it reviewed."
NO_PLACES = "Nothing is in doubt."
UNUSUAL = "These do not look like the images the network was made for; its result may be wrong:"


class ReviewPanel(QWidget):
    """Emits `place_requested` with the Place that was clicked, or chosen with the arrow keys."""

    place_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unusual = MessageLabel()
        self.expectation = QLabel()
        self.expectation.setWordWrap(True)
        self.expectation.setToolTip(
            "Estimated from the network's own probabilities by a calibration on cases left out of "
            "training; \u00b1 is its mean error there. Edits by hand do not count."
        )
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        self.places = PlaceList()
        self.places.setToolTip(
            "The most doubtful place first; ml: the volume that is expected to be wrong there. "
            "A click moves the views to it."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.unusual, self.expectation, self.heading, self.places):
            layout.addWidget(widget)
        self.places.currentItemChanged.connect(self._on_item_changed)  # by arrow keys, too
        self.places.itemClicked.connect(self._on_item_clicked)  # the same one once more
        self.show_review(None)

    def show_review(self, review: Review | None) -> None:
        """Show this review; None says that there is none."""
        unusual = () if review is None else review.unusual
        self.unusual.show_error("\n".join([UNUSUAL, *unusual]) if unusual else "")
        text = "" if review is None else review.expectation
        self.expectation.setText(text.replace(" \u00b1 ", "\u00a0\u00b1\u00a0"))  # not torn apart
        self.expectation.setVisible(bool(self.expectation.text()))
        places = () if review is None else review.places
        empty = NO_RESULT if review is None else NO_PLACES
        self.heading.setText("Places to look at:" if places else empty)
        self.places.show_places(places)

    def _on_item_changed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._on_item_clicked(item)

    def _on_item_clicked(self, item: QListWidgetItem) -> None:
        self.place_requested.emit(item.data(Qt.ItemDataRole.UserRole))


class PlaceList(QListWidget):
    """Places in lines that wrap, as high as a few of them; hidden while there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_places(self, places: Sequence[Place]) -> None:
        """List these, numbered from 1; none is chosen."""
        self.blockSignals(True)
        self.clear()
        for number, place in enumerate(places, start=1):
            item = QListWidgetItem(f"{number}: {place.title}")
            item.setData(Qt.ItemDataRole.UserRole, place)
            self.addItem(item)
        self.blockSignals(False)
        self.setVisible(bool(places))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As high as the first rows, wrapped at the present width."""
        self.doItemsLayout()
        rows = [self.visualItemRect(self.item(i)) for i in range(min(self.count(), MAX_ROWS))]
        return QSize(0, sum(row.height() for row in rows) + 2 * self.frameWidth())

    def minimumSizeHint(self) -> QSize:
        """No width of its own: the panel decides."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap anew, and ask for the height that takes."""
        super().resizeEvent(event)
        self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        """A new font makes other rows."""
        super().changeEvent(event)
        self.updateGeometry()
