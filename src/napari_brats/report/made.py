"""How a label map came about, as far as the record beside it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.review import ExpectedDice

_SAME_ML = 0.01
"""Records round volumes; a mask that differs more than this (or 0.1 %) is another one."""


@dataclass(frozen=True)
class MadeBy:
    """What made a label map. None, or nothing, stands for what is not known.

    Attributes
    ----------
    how
        In words, for a label map that no network made.
    network, network_sha256
        Name and weights of the bundle.
    mirroring
        How many mirror images the network saw.
    postprocess
        The steps in words; None where not known, empty for none.
    expected_dice
        What the result of the network was expected to reach, before edits.
    unusual
        Why the images are not what the network knows.
    warnings
        What the record warns of.
    edited_by_hand
        Whether it was edited since.
    edited_by, edited_s
        By whom, and for how many seconds.
    """

    how: str | None = None
    network: str | None = None
    network_sha256: str | None = None
    mirroring: str | None = None
    postprocess: tuple[str, ...] | None = None
    expected_dice: Mapping[Region, ExpectedDice] = field(default_factory=dict)
    unusual: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    edited_by_hand: bool | None = None
    edited_by: str | None = None
    edited_s: float | None = None


def made_by(record: Mapping[str, Any]) -> MadeBy:
    """What the record of ``segment`` or of the panel tells; nothing of an empty one.

    Entries of other types than expected, in a file that people can edit, count as not known.
    """
    facts = _mapping(record, "provenance") or record
    bundle, review = _mapping(facts, "bundle"), _mapping(facts, "review")
    steps = _mapping(facts, "postprocess").get("steps")
    edited = facts.get("edited_by_hand")
    return MadeBy(
        how=_text(facts, "made"),
        network=_text(bundle, "name"),
        network_sha256=_text(bundle, "sha256"),
        mirroring=_text(facts, "mirroring"),
        postprocess=_texts(steps) if isinstance(steps, Sequence) else None,
        expected_dice=_expected(_mapping(review, "expected_dice")),
        unusual=_texts(review.get("unusual")),
        warnings=tuple(
            dict.fromkeys((*_texts(record.get("warnings")), *_texts(facts.get("notes"))))
        ),
        edited_by_hand=edited if isinstance(edited, bool) else None,
        edited_by=_text(facts, "edited_by"),
        edited_s=_number(facts.get("edited_s")),
    )


def is_of_another_mask(record: Mapping[str, Any], volumes_ml: Mapping[Region, float]) -> bool:
    """Whether the volumes in a record are not those of the mask, which was changed since."""
    told = _mapping(record, "volumes_ml")
    for region, volume in volumes_ml.items():
        recorded = _number(told.get(region.value))
        if recorded is not None and abs(recorded - volume) > max(_SAME_ML, 0.001 * volume):
            return True
    return False


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(value: Mapping[str, Any], key: str) -> str | None:
    found = value.get(key)
    return found if isinstance(found, str) and found else None


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return ()
    return tuple(text for text in value if isinstance(text, str))


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else None


def _expected(entries: Mapping[str, Any]) -> dict[Region, ExpectedDice]:
    expected = {}
    for region in REGIONS:
        entry = _mapping(entries, region.value)
        value = _number(entry.get("value"))
        if value is not None:
            expected[region] = ExpectedDice(value, _number(entry.get("error")))
    return expected
