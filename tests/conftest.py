"""What every test gets: no network, no traces of the user's settings, data, bundles and cache."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

os.environ["NAPARI_CONFIG"] = ""  # neither read nor write the settings of whoever runs the tests
os.environ["NAPARI_STRICT_QT"] = "1"  # a leaked widget fails its test

LOCAL = {getattr(socket, "AF_UNIX", None)}


class NetworkUsedError(AssertionError):
    """The code under test tried to reach the network."""


@pytest.fixture(autouse=True)
def no_user_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the data, the bundles and the cache of whoever runs the tests; each test has its own."""
    monkeypatch.setenv("NAPARI_BRATS_BUNDLES", str(tmp_path / "user-bundles"))
    monkeypatch.setenv("NAPARI_BRATS_DATA", str(tmp_path / "user-data"))
    monkeypatch.setenv("NAPARI_BRATS_CACHE", str(tmp_path / "user-cache"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail any test in which something connects, sends or asks for a host's address."""

    def guard(method: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(self: socket.socket, *arguments: Any) -> Any:
            if self.family not in LOCAL:
                raise NetworkUsedError(f"socket.{method.__name__}{arguments}")
            return method(self, *arguments)

        return guarded

    def no_lookup(*arguments: Any, **_: Any) -> Any:
        raise NetworkUsedError(f"socket.getaddrinfo{arguments}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guard(getattr(socket.socket, name)))
    monkeypatch.setattr(socket, "getaddrinfo", no_lookup)
