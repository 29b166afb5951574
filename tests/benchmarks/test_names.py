"""What the benchmarks take from the package is still there: no other test runs them all."""

import ast
import importlib
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.py"))


def _taken_from_the_package(path):
    """(module, name) of each ``from napari_brats... import name``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("napari_brats"):
            yield from ((node.module, alias.name) for alias in node.names)


def _is_there(module, name):
    if hasattr(importlib.import_module(module), name):
        return True
    try:
        importlib.import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_name_it_takes_exists(path):
    missing = [found for found in _taken_from_the_package(path) if not _is_there(*found)]
    assert missing == []


def test_there_are_benchmarks():
    assert len(FILES) > 10
