"""What someone at the window needs to train a network: what a folder holds, and a fitting recipe.

No torch here: the panel asks these questions while the user is still choosing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_brats.core.errors import BratsError, CaseError
from napari_brats.io.discover import discover
from napari_brats.io.sidecar import record_path, recorded_convention
from napari_brats.models.card import Card
from napari_brats.training.config import Recipe, TrainConfig
from napari_brats.training.crossval import patient_of
from napari_brats.training.curves import read_curves
from napari_brats.training.runs import RUN, SPACING_MM, read_run

FINE_TUNING_RATE = 0.0005
"""Of AdamW with frozen statistics, the way that fitted best of those compared (docs/models.md)."""

CHECKPOINT_STEPS = 25
"""Steps that a cancelled run in the window loses at most."""


@dataclass(frozen=True)
class Survey:
    """What a folder holds for training, judged by names and records alone.

    Attributes
    ----------
    labelled, unlabelled
        Ids of the cases with and without a label map.
    automatic
        Those of the labelled ones whose label map a network made and nobody corrected.
    unused
        Those of the labelled ones that also have a label map saved by this program, which is not
        used: the one that came with the case stands.
    problems
        Why further cases with a label map cannot be used.
    """

    labelled: tuple[str, ...]
    unlabelled: tuple[str, ...] = ()
    automatic: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunState:
    """How far the run in a folder is, and what it was started with.

    Attributes
    ----------
    done, steps
        Of how many. The last ones done may come after the last checkpoint.
    has_checkpoint
        Whether there is a network to be made a bundle of.
    data, cases
        The folder, and how many of its cases train.
    start_from
        The bundle it started from; empty for none.
    passed_over
        Ids of the cases in the folder that could not be used.
    """

    done: int
    steps: int
    has_checkpoint: bool
    data: Path
    cases: int
    start_from: str
    passed_over: tuple[str, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to train."""
        return self.done >= self.steps and self.has_checkpoint


def survey(data: Path) -> Survey:
    """What the folder of cases holds; CaseError if no case can be found in it."""
    cases = discover(data, strict=False)
    labelled = [files for files in cases if files.label_map and not files.problems]
    return Survey(
        tuple(files.case_id for files in labelled),
        tuple(files.case_id for files in cases if files.label_map is None),
        tuple(f.case_id for f in labelled if f.label_map and _is_automatic(f.label_map.path)),
        tuple(f.case_id for f in labelled if any(recorded_convention(i.path) for i in f.ignored)),
        tuple(problem.text for files in cases for problem in files.problems),
    )


def left_out(labelled: Sequence[str], count: int) -> tuple[str, ...]:
    """The ids of ``count`` patients' cases to keep out of training, spread over all.

    CaseError unless at least one patient is left out and one is left to train on.
    """
    patients = sorted({patient_of(case_id) for case_id in labelled})
    if len(patients) < 2:
        raise CaseError(
            f"Labelled cases of {len(patients)} patients were found. Expected at least 2: one to "
            f"train on, and one to score the network on. Correct and save more cases first."
        )
    if not 0 < count < len(patients):
        raise CaseError(
            f"{count} of {len(patients)} patients cannot be left out. Expected 1 to "
            f"{len(patients) - 1}."
        )
    chosen = {patients[(2 * i + 1) * len(patients) // (2 * count)] for i in range(count)}
    return tuple(case_id for case_id in sorted(labelled) if patient_of(case_id) in chosen)


def recipe_for(start: Card | None, epochs: int, hold_out: Sequence[str]) -> Recipe:
    """The recipe of a run from the weights of a bundle, or from scratch for None.

    The terms of the bundle's training data go on to what is made from it. BundleError where the
    bundle is not one that can be trained on.
    """
    settings = TrainConfig(epochs=epochs, validate_every=0, checkpoint_every=CHECKPOINT_STEPS)
    if start is None:
        return Recipe(settings, tuple(hold_out), {"limits": "Trained by a user."})
    if start.spacing_mm != SPACING_MM or start.task != "segment":
        raise BratsError(
            f"Bundle '{start.name}' cannot be trained further: it works at "
            f"{' x '.join(f'{mm:g}' for mm in start.spacing_mm)} mm for the task '{start.task}'. "
            f"Expected 1 x 1 x 1 mm and 'segment'. Choose another one."
        )
    arguments = dict(start.arguments)
    for known in ("in_channels", "out_channels"):
        arguments.pop(known, None)
    settings = replace(
        settings,
        network=start.network,
        widths=tuple(arguments.pop("widths")),
        norm=arguments.pop("norm", "batch"),
        deep_supervision=arguments.pop("deep_supervision", False),
        network_arguments=arguments,
        modalities=start.modalities,
        start_from=start.name,
        optimiser="adamw",
        learning_rate=FINE_TUNING_RATE,
        frozen_from=0.0,
    )
    card = {
        "data_licence": f"Fine-tuned from '{start.name}': {start.data_licence}",
        "attribution": start.attribution,
        "limits": f"Fine-tuned by a user from '{start.name}': {start.limits}",
    }
    return Recipe(settings, tuple(hold_out), card)


def run_state(run: Path) -> RunState | None:
    """How far the run in a folder is; None if it holds none. BratsError if it cannot be read."""
    if not (run / RUN).exists():
        return None
    from napari_brats.training.loop import LAST

    recipe, split = read_run(run)
    steps = read_curves(run).history["step"]
    return RunState(
        int(steps[-1]) if len(steps) else 0,
        recipe.config.steps,
        (run / LAST).is_file(),
        Path(split.data),
        len(split.train),
        recipe.config.start_from,
        tuple(json.loads((run / RUN).read_text()).get("passed_over", ())),
    )


def _is_automatic(label_map: Path) -> bool:
    """Whether the record beside a label map says that a network made it and nobody corrected it."""
    try:
        record = json.loads(record_path(label_map).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    if not isinstance(record, dict):
        return False
    provenance = record.get("provenance", record)  # of the panel; of the command line
    if not isinstance(provenance, dict):
        return False
    return "bundle" in provenance and not provenance.get("edited_by_hand", False)
