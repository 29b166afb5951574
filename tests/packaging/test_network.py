"""The guard in conftest.py that keeps all other tests off the network does its work."""

from __future__ import annotations

import socket
import urllib.request

import pytest


def test_connecting_fails() -> None:
    with socket.socket() as client, pytest.raises(AssertionError, match=r"socket\.connect"):
        client.connect(("127.0.0.1", 9))


def test_sending_without_a_connection_fails() -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as client,
        pytest.raises(AssertionError, match=r"socket\.sendto"),
    ):
        client.sendto(b"", ("127.0.0.1", 9))


def test_a_download_fails() -> None:
    with pytest.raises(AssertionError, match=r"socket\.getaddrinfo"):
        urllib.request.urlopen("http://example.invalid")
