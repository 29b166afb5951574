"""Whether a former run made the same already, so that a run goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_brats import __version__
from napari_brats.core.errors import BratsError, SaveError
from napari_brats.inference.postprocess_options import options_from_card
from napari_brats.io.nifti import read_volume
from napari_brats.io.record import sha256_of
from napari_brats.io.sidecar import read_record, to_json

if TYPE_CHECKING:
    from napari_brats.inference.segment_files import Plan


def asked_of(plan: Plan) -> dict[str, Any]:
    """What a run was asked for, all that its masks depend on beside the images and the device.

    It stands in the record under ``asked``; two runs with equal values make equal masks.
    """
    options = plan.options
    chosen = options.postprocess or options_from_card(plan.bundle.card)
    return {
        "bundle": plan.bundle.card.sha256,
        "convention": plan.convention,
        "grid": plan.grid,
        "mirroring": options.mirroring.value,
        "postprocess": asdict(chosen),
        "probabilities": options.keep_probabilities,
        "uncertainty": options.keep_uncertainty,
    }


def volume_names(names: Mapping[str, Any]) -> list[str]:
    """The names of a case's volumes, without its record, from what `output_names` gives."""
    single = [names[key] for key in ("label_map", "uncertainty") if key in names]
    return [*single, *names.get("probabilities", {}).values()]


def checksums(folder: Path, names: Mapping[str, Any]) -> dict[str, str]:
    """The sha256 of each volume in ``folder``, by name; for the record."""
    return {name: sha256_of(folder / name) for name in volume_names(names)}


def record_of_former_run(
    names: Mapping[str, Any], inputs: Sequence[Mapping[str, Any]], plan: Plan
) -> Mapping[str, Any] | None:
    """The record of a case that a former run made of the same, and whose files are whole.

    None where the case has to be done: nothing of it is there, or files are missing or damaged
    that a run like this one wrote.

    Parameters
    ----------
    names
        Of the case's output, from `output_names`.
    inputs
        From `input_records`; the images are compared by content, not by path.
    plan
        Of this run.

    Raises
    ------
    SaveError
        If what is there was made of something else, or was changed since: it stays as it is.
    """
    there = [n for n in (*volume_names(names), names["record"]) if (plan.output / n).exists()]
    if not there:
        return None
    record = read_record(plan.output / names["label_map"])
    reasons = list(_differences(record, inputs, plan))
    if not reasons:
        states = {name: _state(plan.output / name, record) for name in volume_names(names)}
        reasons = [f"{name} was changed since" for name, s in states.items() if s == "changed"]
        if not reasons:
            return record if set(states.values()) <= {"whole"} else None
    raise SaveError(
        f"{', '.join(there)} in {plan.output} would be replaced ({'; '.join(reasons)}). Choose "
        f"another folder (command line: --output), or agree to replace them (--overwrite)."
    )


def _differences(
    record: Mapping[str, Any], inputs: Sequence[Mapping[str, Any]], plan: Plan
) -> Iterator[str]:
    """In words, what the record was made of that is not what this run would make."""
    asked = record.get("asked")
    if not isinstance(asked, Mapping) or not isinstance(record.get("checksums"), Mapping):
        yield "no record says that a run like this one made them"
        return
    if record.get("version") != __version__:
        yield f"made by version {record.get('version')}, this is {__version__}"
    wanted = json.loads(to_json(asked_of(plan)))
    for key in sorted({*wanted, *asked}):
        if wanted.get(key) != asked.get(key):
            yield f"made with another {key}"
    if _contents(record.get("inputs")) != _contents(inputs):
        yield "made of other images"


def _contents(inputs: Any) -> list[tuple[Any, ...]]:
    entries = inputs if isinstance(inputs, Sequence) else ()
    keys = ("modality", "channel", "sha256")
    return [tuple(entry.get(key) for key in keys) for entry in entries if hasattr(entry, "get")]


def _state(path: Path, record: Mapping[str, Any]) -> str:
    """``whole`` as it was written, ``damaged`` (or not there), or ``changed`` by somebody."""
    try:
        if sha256_of(path) == record["checksums"].get(path.name):
            return "whole"
        read_volume(path)
    except (BratsError, OSError):
        return "damaged"
    return "changed"
