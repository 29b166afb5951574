"""The picture of scores."""

import io
import sys

import numpy as np
import pytest

from napari_brats.core.errors import BratsError
from napari_brats.metrics.plot import FORMATS, plot_scores
from napari_brats.metrics.score import score_regions
from napari_brats.metrics.tables import CaseScore

pytest.importorskip("matplotlib")
STARTS = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


def case(case_id: str, shift: int) -> CaseScore:
    reference, prediction = np.zeros((2, 12, 12, 12), np.uint8)
    reference[2:6, 2:6, 2:6] = 2
    prediction[2 + shift : 6 + shift, 2:6, 2:6] = 2
    return CaseScore(case_id, "scored", score_regions(reference, prediction, (1.0, 1.0, 1.0)))


SETS = {"old": [case("A", 1), case("B", 2)], "new": [case("A", 0), case("C", 1)], "none": []}


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_format_is_written(file_format):
    assert plot_scores(SETS, file_format, "a note").startswith(STARTS[file_format])


def test_the_note_the_sets_and_the_regions_stand_in_it():
    text = plot_scores(SETS, "svg", "research use only").decode()
    for words in ("research use only", "old", "new", "WT", "lesion-wise Dice"):
        assert f"<!-- {words} -->" in text
    assert "<!-- n=2 -->" in text or "n=2" in text


def test_every_case_is_a_point():
    from matplotlib import image

    one = image.imread(io.BytesIO(plot_scores({"": SETS["old"][:1]}, "png", "")))
    two = image.imread(io.BytesIO(plot_scores({"": SETS["old"]}, "png", "")))
    assert one.shape == two.shape
    assert (one != two).any()


def test_the_worst_case_stays_in_the_picture(monkeypatch):
    """A missed region scores 374 mm: its row must reach there, whatever region is drawn last."""
    from matplotlib.figure import Figure

    drawn = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda f, *a, **k: drawn.append(f) or save(f, *a, **k))
    missed = np.zeros((12, 12, 12), np.uint8)
    missed[2:6, 2:6, 2:6] = 3
    scores = score_regions(missed, np.minimum(missed, 2), (1.0, 1.0, 1.0))
    plot_scores({"a": [CaseScore("X", "scored", scores), *SETS["old"]]}, "png", "")
    for axes in drawn[0].axes:
        low, high = axes.get_ylim()
        assert low <= axes.dataLim.y0
        assert axes.dataLim.y1 <= high


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("napari_brats.metrics.plot.find_spec", lambda name: None)
    with pytest.raises(BratsError, match=r"napari-brats\[report\]"):
        plot_scores(SETS, "png", "")
