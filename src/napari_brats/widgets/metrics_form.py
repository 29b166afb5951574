"""What the section "Metrics" compares, and how it scores."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QLineEdit, QWidget

from napari_brats.core.errors import BratsError
from napari_brats.metrics.empty import WORST_DISTANCE_MM, EmptyPolicy
from napari_brats.metrics.lesionwise import CHALLENGES
from napari_brats.metrics.score import ScoreOptions
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.metrics_values import DASH

MAX_TOLERANCES = 4
"""More rows of one metric would push the others out of sight."""

_PATIENTS = {
    "GLI": "glioma",
    "SSA": "glioma, Sub-Saharan Africa",
    "PED": "paediatric",
    "MEN": "meningioma",
    "MET": "metastases",
}


class MetricsForm(QWidget):
    """Two label maps, the challenge, what an empty region scores, tolerances of the surface Dice.

    Emits what the user changes, and what is wrong with what was typed (empty once it is right).
    """

    choices_wanted = Signal()  # a list of label maps is about to open
    pair_chosen = Signal(str, str)  # ids of reference and prediction
    rules_changed = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = ScoreOptions()
        self.reference_box, self.prediction_box = ChoiceBox(), ChoiceBox()
        self.challenge_box, self.policy_box = ChoiceBox(), ChoiceBox()
        self.tolerances = QLineEdit()
        self.tolerances.setToolTip(
            "Tolerances of the surface Dice (NSD) in mm, apart by commas; Enter takes them"
        )
        self.challenge_box.set_choices(challenge_choices())
        self.policy_box.set_choices(policy_choices())
        self._show_tolerances()
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Reference", self.reference_box)
        form.addRow("Prediction", self.prediction_box)
        form.addRow("Challenge", self.challenge_box)
        form.addRow("Empty region", self.policy_box)
        form.addRow("NSD at mm", self.tolerances)
        for box in (self.reference_box, self.prediction_box):
            box.about_to_open.connect(self.choices_wanted)
            box.choice_changed.connect(self._on_pair_chosen)
        for changed in (self.challenge_box.choice_changed, self.policy_box.choice_changed):
            changed.connect(self._take_rules)
        self.tolerances.editingFinished.connect(self._take_rules)

    @property
    def options(self) -> ScoreOptions:
        """How to score."""
        return self._options

    def show_pair(self, maps: Sequence[Choice], reference: str, prediction: str) -> None:
        """Offer these label maps, with these two chosen; nothing to choose from without a pair."""
        for box, name in ((self.reference_box, reference), (self.prediction_box, prediction)):
            box.show_choices(maps if name else (), name)
            box.setEnabled(len(maps) > 1)

    def _on_pair_chosen(self) -> None:
        self.pair_chosen.emit(self.reference_box.chosen, self.prediction_box.chosen)

    def _take_rules(self) -> None:
        problem, before = "", self._options
        try:
            self._options = ScoreOptions(
                policy=EmptyPolicy(self.policy_box.chosen),
                challenge=CHALLENGES[self.challenge_box.chosen],
                tolerances_mm=read_tolerances(self.tolerances.text()),
            )
        except BratsError as error:
            problem = str(error)
        self._show_tolerances()
        self.refused.emit(problem)
        if self._options != before:
            self.rules_changed.emit()

    def _show_tolerances(self) -> None:
        self.tolerances.setText(", ".join(f"{t:g}" for t in self._options.tolerances_mm))


def read_tolerances(text: str) -> tuple[float, ...]:
    """The numbers of a list such as ``1, 2.5``, ascending, each once; BratsError if it is none."""
    words = [word for word in re.split(r"[,;\s]+", text) if word]
    try:
        found = tuple(sorted({float(word) for word in words}))
    except ValueError:
        raise BratsError(
            f"'{text}' is no list of tolerances in mm. Expected numbers such as '1, 2.5'."
        ) from None
    if len(found) > MAX_TOLERANCES:
        raise BratsError(f"{len(found)} tolerances were given. Expected {MAX_TOLERANCES} at most.")
    return found


def policy_choices() -> list[Choice]:
    """What a region scores that is empty."""
    worst = f"{WORST_DISTANCE_MM:g} mm"
    return [
        Choice(
            EmptyPolicy.CHALLENGE.value,
            "as BraTS",
            f"Empty in both: 1 and 0 mm; in one: 0 and {worst}",
        ),
        Choice(
            EmptyPolicy.NAN.value, f"not defined ({DASH})", "No value where the formula has none"
        ),
    ]


def challenge_choices() -> list[Choice]:
    """The challenges, with what their parameters do."""
    return [
        Choice(
            name,
            f"{name} {_PATIENTS.get(name, '')}".strip(),
            f"Lesions that touch when grown by {challenge.dilations} voxels are one; those of "
            f"{challenge.min_lesion_mm3:g} mm\u00b3 or less do not count.",
        )
        for name, challenge in CHALLENGES.items()
    ]
