"""Fits and judges the recogniser of modalities on the cases of a folder.

    python benchmarks/recogniser.py CASES [MORE ...]    the tables
    python benchmarks/recogniser.py CASES --write       fit on all of CASES and keep the weights

CASES holds skull-stripped cases with four modalities whose names are right. Each is judged with
weights fitted on the others (leave one patient out), the cases of MORE with weights fitted on all
of CASES. Every case is fitted, and judged, as it is and in the forms of ``altered_forms.py``. The
synthetic sample case is always fitted along, so that what is no real patient is known, too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from altered_forms import FORMS, altered
from scipy.optimize import minimize

from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.contrast import IMAGE_FEATURES, MIRRORED, PAIR_FEATURES
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.io.look import has_skull, look_at
from napari_brats.io.recognise import (
    DOUBT,
    SURE,
    WEIGHTS_PATH,
    Numbers,
    Recognition,
    Table,
    judge,
    measure,
    on_scale,
    terms,
)

SAMPLE = Path(__file__).parents[1] / "sample_data"
RIDGE = 3e-3
SIZES = (2, 3, 4)


@dataclass(frozen=True, eq=False)
class Measured:
    """A case in all its forms: ``together[form]`` and ``alone[form]`` are of its four images."""

    case_id: str
    together: list[Numbers]
    alone: list[Numbers]


def measured(folder: Path) -> list[Measured]:
    """The stripped cases of a folder with four modalities on one grid."""
    cases = []
    for files in discover(folder, strict=False):
        if files.missing or files.problems:
            continue
        volumes = list(load_case(files, with_label_map=False).volumes.values())
        if any(not v.grid.is_same(volumes[0].grid) for v in volumes) or any(
            has_skull(look_at(v)) for v in volumes
        ):
            print(f"{files.case_id}: left out (several grids, or with skull)", file=sys.stderr)
            continue
        case = Measured(files.case_id, [], [])
        for form in FORMS:
            looks = [look_at(v) for v in altered(volumes, form)]
            for numbers, one_grid in ((case.together, True), (case.alone, False)):
                found = measure(looks, one_grid=one_grid)
                if found is None:
                    raise ValueError(f"{files.case_id} {form}: hardly any brain")
                numbers.append(found)
        cases.append(case)
    return cases


def fitted(cases: Sequence[Measured]) -> Table:
    """The weights that make the right assignments likely (ridge-penalised conditional logit)."""
    images = np.concatenate([n.images for c in cases for n in c.together])
    upper = np.triu_indices(len(MODALITIES), 1)
    found = [n.pairs for c in cases for n in c.together if n.pairs is not None]
    pairs = np.concatenate([values[upper] for values in found])
    centre = np.where(np.array(MIRRORED) < 0, 0, pairs.mean(axis=0))
    scale = {
        "images": {"centre": images.mean(axis=0), "unit": images.std(axis=0)},
        "pairs": {"centre": centre, "unit": np.sqrt(((pairs - centre) ** 2).mean(axis=0))},
    }
    return {
        "scale": scale,
        "together": _part([n for c in cases for n in c.together], scale, SIZES),
        "alone": _part([n for c in cases for n in c.alone], scale, (1,)),
    }


def subset(numbers: Numbers, chosen: Sequence[int]) -> Numbers:
    """The numbers of some of the images."""
    pairs = None if numbers.pairs is None else numbers.pairs[np.ix_(chosen, chosen)]
    return Numbers(numbers.images[list(chosen)], pairs)


def _part(forms: Iterable[Numbers], scale: Table, sizes: Sequence[int]) -> dict[str, list[float]]:
    widths = {m.value: len(IMAGE_FEATURES) + 1 for m in MODALITIES}
    if sizes != (1,):
        widths |= {
            f"{a}-{b}": len(PAIR_FEATURES) + 1 for a, b in itertools.combinations(MODALITIES, 2)
        }
    ends = np.cumsum(list(widths.values()))
    slices = {name: slice(end - widths[name], end) for name, end in zip(widths, ends, strict=True)}
    problems: dict[int, list[tuple[np.ndarray, int]]] = {size: [] for size in sizes}
    for numbers in forms:
        scaled = on_scale(numbers, scale)
        for size in sizes:
            ways = list(itertools.permutations(MODALITIES, size))
            for chosen in itertools.combinations(range(len(MODALITIES)), size):
                design = np.zeros((len(ways), ends[-1]))
                for row, way in zip(design, ways, strict=True):
                    for name, values in terms(subset(scaled, chosen), way):
                        row[slices[name]] = values
                problems[size].append((design, ways.index(tuple(MODALITIES[i] for i in chosen))))
    best = _most_likely(problems, int(ends[-1]))
    return {name: [round(float(w), 4) for w in best[part]] for name, part in slices.items()}


def _most_likely(problems: dict[int, list[tuple[np.ndarray, int]]], width: int) -> np.ndarray:
    """Every size of subset counts the same in sum, weighed by 1 / its number of images."""
    stacks = [
        (np.stack([d for d, _ in group]), np.array([t for _, t in group]), 1 / size)
        for size, group in problems.items()
    ]
    total = sum(weight * len(right) for _, right, weight in stacks)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = RIDGE * w @ w, 2 * RIDGE * w
        for designs, right, weight in stacks:
            scores = designs @ w
            chances = np.exp(scores - scores.max(axis=1, keepdims=True))
            chances /= chances.sum(axis=1, keepdims=True)
            each = np.arange(len(right))
            value -= weight * np.log(chances[each, right] + 1e-300).sum() / total
            chances[each, right] -= 1
            slope += weight * np.einsum("nk,nkf->f", chances, designs, optimize=True) / total
        return value, slope

    return minimize(loss, np.zeros(width), jac=True, method="L-BFGS-B").x


@dataclass
class Count:
    """Outcomes: of images whose names are hidden, and of names held against the voxels."""

    right: int = 0
    unsure: int = 0
    wrong: int = 0
    false_alarms: int = 0
    right_names: int = 0
    unremarked: int = 0
    wrong_names: int = 0

    def add(self, numbers: Numbers, places: Sequence[int], table: Table) -> None:
        """Count every order of the images that lie at ``places`` among the modalities."""
        truth = tuple(MODALITIES[i] for i in places)
        for order in itertools.permutations(range(len(places))):
            named = tuple(truth[i] for i in order)
            recognition = judge(subset(numbers, [places[i] for i in order]), table)
            told = [likeliest(recognition, i) for i in range(len(named))]
            if any(t is not None and t is not n for t, n in zip(told, named, strict=True)):
                self.wrong += 1
            elif None in told:
                self.unsure += 1
            else:
                self.right += 1
        recognition = judge(subset(numbers, places), table)
        for named, probability in recognition.probabilities.items():
            remarked = probability < DOUBT[len(places)]
            if named == truth:
                self.right_names += 1
                self.false_alarms += remarked
            else:
                self.wrong_names += 1
                self.unremarked += not remarked

    def row(self) -> str:
        """The counts as cells of a table."""
        return (
            f"{self.right} | {self.unsure} | {self.wrong} | {self.unremarked} of "
            f"{self.wrong_names} | {self.false_alarms} of {self.right_names} |"
        )


HEAD = "orders put right | not sure | wrong | wrong names unremarked | right names remarked |"


def likeliest(recognition: Recognition, image: int) -> Modality | None:
    """What the program takes an image for; None if it is not sure."""
    shares = recognition.shares(image)
    best = max(shares, key=lambda modality: shares[modality])
    return best if shares[best] >= SURE[len(recognition.best)] else None


def report(judged: Sequence[tuple[Measured, Table]]) -> None:
    """Print the tables of cases, each with the weights it is to be judged by."""
    everything = range(len(MODALITIES))
    print(f"\nfour images, as they are\n\n| case | {HEAD}\n|---|---|---|---|---|---|")
    for case, table in judged:
        count = Count()
        count.add(case.together[0], everything, table)
        print(f"| {case.case_id} | {count.row()}")
    print(f"\n| images | form | {HEAD}\n|---|---|---|---|---|---|---|")
    for size in (4, 3, 2, 1):
        for index, form in enumerate(FORMS):
            count = Count()
            for case, table in judged:
                numbers = (case.alone if size == 1 else case.together)[index]
                for places in itertools.combinations(everything, size):
                    count.add(numbers, places, table)
            print(f"| {size} | {form} | {count.row()}")


def main() -> None:
    """Fit, and print or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path, nargs="+")
    parser.add_argument("--write", action="store_true", help="keep the weights in the package")
    arguments = parser.parse_args()
    cases, sample = measured(arguments.cases[0]), measured(SAMPLE)
    weights = fitted([*cases, *sample])
    if arguments.write:
        WEIGHTS_PATH.write_text(as_text(weights, len(cases)), "utf-8")
        print(f"{WEIGHTS_PATH}: fitted on {len(cases)} cases")
        return
    print(f"{len(cases)} cases, each judged by weights fitted on the others")
    report([(c, fitted([*(o for o in cases if o is not c), *sample])) for c in cases])
    for folder in arguments.cases[1:]:
        print(f"\n{folder.name}, judged by weights fitted on the {len(cases)} cases")
        report([(case, weights) for case in measured(folder)])


def as_text(weights: Table, count: int) -> str:
    """The weights as JSON with one line per vector."""
    scale = {
        name: {key: [round(float(v), 4) for v in values] for key, values in part.items()}
        for name, part in weights["scale"].items()
    }
    text = json.dumps(
        {
            "about": f"Weights of io/recognise.py, fitted by benchmarks/recogniser.py on {count} "
            f"cases of BraTS 2021 (CC BY 4.0) and the synthetic sample",
            "image_numbers": IMAGE_FEATURES,
            "pair_numbers": PAIR_FEATURES,
            **weights,
            "scale": scale,
        },
        indent=1,
    )
    vector = re.compile(r"\[\s*([^\[\]{}]*?)\s*\]")
    return vector.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


if __name__ == "__main__":
    main()
