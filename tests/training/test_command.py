"""The command itself, in processes of its own: killed and resumed, and several as one.

All runs here have the same recipe and so must end in the same weights.
"""

import csv
import os
import signal
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
import torch

from napari_brats.training.curves import HISTORY
from napari_brats.training.loop import LAST

RECIPE = """
[train]
epochs = 2
steps_per_epoch = 3
batch_size = {batch_size}
patch_size = [16, 16, 16]
widths = [4, 8]
norm = "layer"
warmup_steps = 1
checkpoint_every = 2
validate_every = 0
"""

KILLED_WHILE_WRITING = """
import os, signal, torch
from napari_brats.cli import main

def save(stored, file, save=torch.save):
    save(stored, file)
    if stored["step"] == 4:  # the new checkpoint lies there, but not yet in its place
        os.kill(os.getpid(), signal.SIGKILL)

torch.save = save
main()
"""


def _write_cases(folder):
    rng = np.random.default_rng(0)
    for case_id in ("P1", "P2", "P3"):
        (folder / case_id).mkdir(parents=True)
        labels = np.zeros((20, 20, 20), np.uint8)
        labels[8:12, 8:12, 8:12] = 2
        for suffix in ("t1n", "t1c", "t2w", "t2f"):
            image = np.zeros(labels.shape, np.int16)
            image[3:17, 3:17, 3:17] = rng.integers(80, 120, (14, 14, 14))
            image[labels > 0] += 100
            nib.save(
                nib.Nifti1Image(image, np.eye(4)), folder / case_id / f"{case_id}-{suffix}.nii.gz"
            )
        nib.save(nib.Nifti1Image(labels, np.eye(4)), folder / case_id / f"{case_id}-seg.nii.gz")


class Workplace:
    """Cases, recipes, and a cache that all runs share."""

    def __init__(self, folder):
        self.folder = folder
        _write_cases(folder / "data")
        for size in (1, 2):
            (folder / f"batch{size}.toml").write_text(RECIPE.format(batch_size=size))
        self.environment = os.environ | {
            "NAPARI_BRATS_CACHE": str(folder / "cache"),
            "OMP_NUM_THREADS": "1",
        }

    def train(self, run, *options, batch_size=2, start=("-m", "napari_brats")):
        arguments = ["train", self.folder / "data", "--output", self.folder / run]
        arguments += ["--config", self.folder / f"batch{batch_size}.toml", "--device", "cpu"]
        command = [sys.executable, *start, *map(str, arguments), *options]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=600
        )

    def history(self, run):
        with (self.folder / run / HISTORY).open() as file:
            return list(csv.DictReader(file))

    def checkpoint(self, run):
        return torch.load(self.folder / run / LAST, weights_only=True)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    place = Workplace(tmp_path_factory.mktemp("command"))
    done = place.train("whole")
    assert done.returncode == 0, done.stderr
    return place


def test_a_run_killed_while_it_writes_a_checkpoint_goes_on_bit_for_bit(workplace):
    killed = workplace.train("killed", start=("-c", KILLED_WHILE_WRITING))
    assert killed.returncode == -signal.SIGKILL
    assert workplace.checkpoint("killed")["step"] == 2
    assert len(workplace.history("killed")) == 4

    again = workplace.train("killed")
    assert again.returncode == 2
    assert "Add --resume" in again.stderr

    resumed = workplace.train("killed", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    for key in ("network", "average"):
        whole, other = workplace.checkpoint("whole")[key], workplace.checkpoint("killed")[key]
        assert all(torch.equal(whole[name], other[name]) for name in whole)
    columns = ("step", "loss", "soft_dice", "learning_rate")
    one, other = workplace.history("whole"), workplace.history("killed")
    assert [[row[c] for c in columns] for row in one] == [
        [row[c] for c in columns] for row in other
    ]


def test_two_processes_learn_what_one_with_the_doubled_batch_learns(workplace):
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    start = (*torchrun, "-m", "napari_brats")
    both = workplace.train("both", batch_size=1, start=start)
    assert both.returncode == 0, both.stderr
    one, two = workplace.history("whole"), workplace.history("both")
    assert [row["step"] for row in one] == [row["step"] for row in two]
    for column in ("loss", "soft_dice"):
        assert [float(r[column]) for r in two] == pytest.approx(
            [float(r[column]) for r in one], abs=2e-5
        )
    whole, other = workplace.checkpoint("whole")["average"], workplace.checkpoint("both")["average"]
    for name, value in whole.items():
        assert torch.allclose(value, other[name], atol=1e-6), name
    assert both.stdout.count("Trained:") == 1
