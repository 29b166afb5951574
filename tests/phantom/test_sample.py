"""The sample that is shipped: it opens, its left is left, and it is what the code makes."""

from pathlib import Path

import npe2
import numpy as np
import pytest

from napari_brats import _sample_data
from napari_brats._sample_data import SAMPLE_CASE_ID, open_sample, sample_directory
from napari_brats.core.case import Case
from napari_brats.core.modalities import MODALITIES
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.phantom import CASE_ID, make_case


@pytest.fixture(scope="module")
def shipped() -> Case:
    (files,) = discover(sample_directory() / SAMPLE_CASE_ID)
    return load_case(files)


def test_it_is_named_as_the_code_names_it_and_small() -> None:
    assert SAMPLE_CASE_ID == CASE_ID
    files = list((sample_directory() / CASE_ID).iterdir())
    assert len(files) == 5
    assert sum(path.stat().st_size for path in files) < 6_000_000


def test_it_is_what_the_code_makes(shipped: Case) -> None:
    made = make_case()
    assert shipped.label_map is not None
    assert made.label_map is not None
    pairs = [(shipped.volumes[m], made.volumes[m]) for m in MODALITIES]
    pairs.append((shipped.label_map.volume, made.label_map.volume))
    for on_disk, in_memory in pairs:
        assert on_disk.grid.is_same(in_memory.grid)
        # other processors round sines and roots otherwise in the last digit
        assert (on_disk.data != in_memory.data).mean() < 1e-3


def test_its_layers_show_the_tumour_on_the_patients_left() -> None:
    layers = open_sample()
    assert [kind for _, _, kind in layers] == ["image"] * 4 + ["labels"]
    mask = layers[-1][0]
    assert mask.shape == (155, 240, 240)
    down, _, right = (float(axis.mean()) for axis in np.nonzero(mask))
    assert right > 140  # the patient's left is at the right of the screen
    assert down < 77  # in the upper half of the volume, and the first slice is the topmost


def test_napari_offers_it() -> None:
    manifest = npe2.PluginManifest.from_file(Path(_sample_data.__file__).with_name("napari.yaml"))
    (sample,) = manifest.contributions.sample_data
    assert (sample.key, sample.display_name) == ("synthetic_glioma", "Synthetic glioma")
    (command,) = [c for c in manifest.contributions.commands if c.id == sample.command]
    assert command.python_name == "napari_brats._sample_data:open_sample"


def test_an_incomplete_installation_says_how_to_mend_it(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_sample_data, "__file__", str(tmp_path / "a" / "b" / "_sample_data.py"))
    with pytest.raises(FileNotFoundError, match=r"python -m napari_brats\.phantom DIR"):
        sample_directory()
