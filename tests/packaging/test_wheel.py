"""The wheel, built and installed alone outside the sources, holds all that it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which only our wheel is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    _run(build, ROOT)
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile"]
    _run([*pip, "--target", str(folder / "site"), str(wheel)], folder)
    return folder / "site"


def test_the_package_is_found_in_the_installed_wheel(site: Path) -> None:
    where = _ask(site, "import napari_brats; print(napari_brats.__file__)")
    assert Path(where).parent == site / "napari_brats"


def test_napari_finds_the_manifest(site: Path) -> None:
    manifest = _ask(
        site,
        "from npe2 import PluginManifest\n"
        "found = PluginManifest.from_distribution('napari-brats')\n"
        "print(found.name, bool(found.contributions.readers), bool(found.contributions.widgets))",
    )
    assert manifest == "napari-brats True True"


def test_every_command_of_the_manifest_can_be_imported(site: Path) -> None:
    answer = _ask(
        site,
        "from npe2 import PluginManifest\n"
        "PluginManifest.from_distribution('napari-brats').validate_imports()\n"
        "print('all imported')",
        QT_QPA_PLATFORM="offscreen",
    )
    assert answer == "all imported"


def test_weights_and_cards_are_in_it(site: Path) -> None:
    sources = ROOT / "src/napari_brats/models/weights"
    expected = {path.name for path in sources.iterdir()}
    assert expected
    assert {path.name for path in (site / "napari_brats/models/weights").iterdir()} == expected
    names = _ask(
        site,
        "from napari_brats.models.bundle import DEFAULT_BUNDLE, list_bundles, load_bundle\n"
        "load_bundle(DEFAULT_BUNDLE).load_network()\n"
        "print(*[card.name for card in list_bundles()])",
    )
    assert names


def test_the_sample_is_in_it(site: Path) -> None:
    expected = {path.name for path in (ROOT / "sample_data").rglob("*.nii.gz")}
    assert len(expected) == 5
    found = _ask(
        site,
        "import npe2\n"
        "layers = []\n"
        "manager = npe2.PluginManager.instance()\n"
        "manager.register(npe2.PluginManifest.from_distribution('napari-brats'))\n"
        "(sample,) = manager.get_manifest('napari-brats').contributions.sample_data\n"
        "print(len(sample.open()))",
    )
    assert found == "5"


def test_the_licence_is_in_it(site: Path) -> None:
    (licence,) = site.glob("napari_brats-*.dist-info/licenses/LICENSE")
    assert licence.read_text().startswith("BSD 3-Clause License")


def _ask(site: Path, code: str, **environment: str) -> str:
    """What ``code`` prints in a Python that finds our package in ``site`` first."""
    finder = {"PYTHONPATH": str(site), "NAPARI_CONFIG": ""}
    return _run([sys.executable, "-c", code], site, **finder, **environment).strip()


def _run(command: list[str], cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
