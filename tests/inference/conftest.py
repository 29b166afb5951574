"""No network stays loaded from one test to the next."""

import pytest

from napari_brats.inference.engine import ENGINE


@pytest.fixture(autouse=True)
def no_network_kept():
    ENGINE.release()
    yield
    ENGINE.release()
