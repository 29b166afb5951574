"""Workers of a running Dask cluster, which the user names by its scheduler's address."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_brats.core.errors import JobError
from napari_brats.scale.workers import Answer

if TYPE_CHECKING:
    from distributed import Client

GPU = "GPU"
"""The resource that a worker with a GPU of its own is started with: ``--resources GPU=1``."""

_LEAST_WINDOW = 256
_CONNECT_S = 10
_ASK_EVERY_S = 2.0


class ClusterWorkers:
    """The workers of a Dask cluster; `Workers` for `hand_out`.

    What is sent there are paths, options and how cases ended, never an image. A worker that
    dies is the scheduler's business: it gives the work to others.

    Parameters
    ----------
    address
        Of the scheduler, e.g. ``tcp://node1:8786``.
    device
        Of the network. For ``cuda`` only workers with the resource `GPU` are given work.

    Raises
    ------
    JobError
        If dask.distributed is not installed, nothing answers there, or no worker has a GPU.
    """

    tries = 1  # the scheduler has tried several workers already

    def __init__(self, address: str, device: str) -> None:
        self._client = _connect(address)
        self._stop_name = f"napari-brats-stop-{uuid.uuid4().hex}"
        resources = {GPU: 1} if device.startswith("cuda") else None
        self.count = self._workers_with(resources)
        self.window = max(_LEAST_WINDOW, 2 * self.count)
        self._pool = self._client.get_executor(pure=False, resources=resources)

    def __enter__(self) -> ClusterWorkers:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self.stop()
        self._client.close()

    @property
    def losses(self) -> tuple[type[Exception], ...]:
        """What the scheduler says of work that several workers died of."""
        from distributed.scheduler import KilledWorker

        return (KilledWorker,)

    @property
    def stopping(self) -> Callable[[], bool]:
        """Asks the scheduler, every two seconds at most."""
        return StopSign(self._stop_name)

    def submit(self, function: Callable[[Any], Answer], batch: Any) -> Future[Answer]:
        """Hand a batch to the scheduler."""
        future: Future[Answer] = self._pool.submit(function, batch)
        return future

    def stop(self) -> None:
        """Take back what no worker has begun, and ask the workers to end what they are at."""
        from distributed import Event

        if self._client.status == "running":
            Event(self._stop_name, client=self._client).set()
            self._pool.shutdown(wait=False)

    def _workers_with(self, resources: dict[str, int] | None) -> int:
        """How many tasks the cluster takes at once; 1 while it has no workers yet."""
        workers = self._client.scheduler_info()["workers"].values()
        fitting = [w for w in workers if resources is None or w["resources"].get(GPU, 0) >= 1]
        if workers and not fitting:
            self._client.close()
            raise JobError(
                f"None of the {len(workers)} workers has a GPU of its own. Expected workers that "
                f"were started as: CUDA_VISIBLE_DEVICES=0 dask worker ADDRESS --nthreads 1 "
                f"--resources '{GPU}=1'. Start such workers, or choose --device cpu."
            )
        return max(1, sum(worker["nthreads"] for worker in fitting))


@dataclass
class StopSign:
    """Whether the run of that name was stopped: call it in a worker.

    Attributes
    ----------
    name
        Of the event that the scheduler keeps.
    """

    name: str
    _asked: float = 0.0
    _answer: bool = False

    def __call__(self) -> bool:
        """What the scheduler said last."""
        from distributed import Event

        if not self._answer and time.monotonic() - self._asked > _ASK_EVERY_S:
            self._answer = Event(self.name).is_set()
            self._asked = time.monotonic()
        return self._answer


def _connect(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise JobError(
            "--scheduler needs dask.distributed, which is not installed. Install it, here and on "
            "every worker: pip install 'napari-brats[scale]'"
        ) from error
    try:
        return Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise JobError(
            f"No Dask scheduler answers at '{address}' ({error}). Expected an address such as "
            f"tcp://node1:8786, as 'dask scheduler' prints it when it starts."
        ) from error
