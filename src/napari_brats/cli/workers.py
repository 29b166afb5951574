"""``--workers`` and ``--scheduler``: who works, as the user asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brats.cli.console import usage_error

if TYPE_CHECKING:
    from napari_brats.scale.workers import Workers

SchedulerAddress = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Hand the cases to the Dask cluster whose scheduler is at ADDRESS (tcp://host:8786): "
        "paths, options and results in words, no images; its workers read and write the files "
        "themselves. Without this option nothing leaves the machine. Needs the extra 'scale'.",
    ),
]


@contextmanager
def chosen_workers(
    workers: int | None, scheduler: str | None, device: str = "cpu"
) -> Iterator[Workers | None]:
    """The processes that were asked for; None for the process at hand.

    ``device`` is as on the command line. JobError if the cluster cannot be used.
    """
    if scheduler is not None:
        from napari_brats.scale.cluster import ClusterWorkers

        with ClusterWorkers(scheduler, device) as cluster:
            yield cluster
    elif workers is not None:
        from napari_brats.scale.local import LocalWorkers

        with LocalWorkers(_devices(device, workers)) as local:
            yield local
    else:
        yield None


def require_one(workers: int | None, scheduler: str | None) -> None:
    """A usage error if both were given."""
    if workers is not None and scheduler is not None:
        raise usage_error(
            "Expected one of them: N processes of this machine, or a cluster.",
            "--workers, --scheduler",
        )


def _devices(device: str, workers: int) -> list[str]:
    """A device for each process: in turn where several fit, as for ``auto`` on two GPUs."""
    from napari_brats.inference.devices import available_devices, resolve_device

    first = resolve_device(device)
    several = device in ("auto", "cuda") and first.startswith("cuda")
    fitting = [d for d in available_devices() if d.startswith("cuda")] if several else [first]
    return list(islice(cycle(fitting), workers))
