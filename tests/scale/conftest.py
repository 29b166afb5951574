"""Small cases and a small network, made once for all tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.scale.many_cases import run, segment_arguments, volumes_in, write_bundle, write_cases

COUNT = 8


@dataclass(frozen=True)
class Few:
    """Cases, the card of a bundle, and the volumes that one process makes of them."""

    cases: Path
    card: Path
    volumes: dict[str, bytes]


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Few:
    """Eight cases; one process has segmented them, with probabilities."""
    root = tmp_path_factory.mktemp("scale")
    cases, card = write_cases(root / "cases", COUNT), write_bundle(root / "bundles")
    done = run(*segment_arguments(cases, card, root / "one"), "--probabilities")
    assert done.returncode == 0, done.stderr
    volumes = volumes_in(root / "one")
    assert len(volumes) == 4 * COUNT
    return Few(cases, card, volumes)
