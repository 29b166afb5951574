"""Each dependency is explained."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_dependency_has_its_reason_in_the_docs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {re.split(r"[<>=\[ ]", line)[0] for line in lines} - {"napari-brats"}
    docs = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    rows = [row for row in docs.splitlines() if row.startswith("|")]
    words = set(re.findall(r"[\w-]+", " ".join(rows)))
    assert len(names) > 10
    assert names - words == set()
