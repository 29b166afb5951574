"""One click on a lesion: delete it, give it the chosen label, or delete all others."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from napari_brats.core.edits.lesions import kept_alone, lesion_at, relabelled
from napari_brats.core.labels import REGION_LABELS, Label, Region
from napari_brats.widgets.tools_panel import KEEP, RELABEL, UNDER_CURSOR
from napari_brats.widgets.tools_pointer import Place

NONE_HERE = "No lesion {what} here: click one that is painted."
ALONE = "Nothing to delete: this is the only lesion {what}."


class LesionPicker(QObject):
    """Does one action to the lesion that is clicked."""

    said = Signal(str)
    taken = Signal(object, object)  # Labels, Edit

    def __init__(self, lesion_of: Callable[[], str], parent: QObject) -> None:
        """``lesion_of`` gives a region's name, or `UNDER_CURSOR`."""
        super().__init__(parent)
        self._lesion_of = lesion_of
        self.action = ""

    def press(self, place: Place) -> None:
        """Act on the lesion here."""
        labels, voxel = place.layer.data, place.voxel
        wanted, what = self._wanted(place)
        lesion = None if voxel is None else lesion_at(labels, voxel, wanted)
        if lesion is None:
            self.said.emit(NONE_HERE.format(what=what))
        elif self.action == KEEP:
            edit = kept_alone(labels, lesion)
            if edit is None:
                self.said.emit(ALONE.format(what=what))
            else:
                self.taken.emit(place.layer, edit)
        else:
            label = int(place.layer.selected_label) if self.action == RELABEL else 0
            self.taken.emit(place.layer, relabelled(labels, lesion, label))

    def move(self, place: Place) -> None:
        """Nothing: a click is enough."""

    def release(self, place: Place) -> None:
        """Nothing: it is done when the button goes down."""

    def double_click(self, place: Place) -> None:
        """Nothing more than two clicks."""

    def _wanted(self, place: Place) -> tuple[tuple[int, ...], str]:
        chosen = self._lesion_of()
        if chosen != UNDER_CURSOR:
            return REGION_LABELS[Region(chosen)], f"of {chosen}"
        label = 0 if place.voxel is None else int(place.layer.data[place.voxel])
        if not label:
            return (), "of any label"
        known = label in tuple(Label)
        return (label,), f"of {Label(label).name}" if known else f"of label {label}"
