from __future__ import annotations

import sys
from collections.abc import Collection

import pytest

import system_libraries

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="system libraries are a matter of Linux"
)


class Machine:
    """A machine with some libraries and programs, on which apt-get brings what it is asked for."""

    def __init__(self, missing: Collection[str], programs: Collection[str], user: int) -> None:
        self.missing = set(missing)
        self.programs = set(programs)
        self.user = user
        self.calls: list[tuple[str, ...]] = []

    def apt_get(self, *arguments: str) -> None:
        self.calls.append(arguments)
        if arguments[0] == "install":
            self.missing.clear()
            self.programs.add("Xvfb")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Machine:
    made = Machine(**request.param)
    which = {"Xvfb", "apt-get", "dnf", "zypper"}
    monkeypatch.setattr(
        system_libraries.shutil, "which", lambda name: name if name in made.programs else None
    )
    assert made.programs <= which
    monkeypatch.setattr(system_libraries, "_loads", lambda library: library not in made.missing)
    monkeypatch.setattr(system_libraries.os, "geteuid", lambda: made.user)
    monkeypatch.setattr(system_libraries, "_apt_get", made.apt_get)
    return made


def on(
    missing: Collection[str] = (), programs: Collection[str] = ("apt-get",), user: int = 1000
) -> pytest.MarkDecorator:
    value = {"missing": missing, "programs": programs, "user": user}
    return pytest.mark.parametrize("machine", [value], indirect=True)


@on(programs=("apt-get", "Xvfb"), user=0)
def test_nothing_is_done_where_all_is_there(machine: Machine) -> None:
    assert system_libraries.provide(screen_needed=True) == ""
    assert machine.calls == []


@on(missing=("libEGL.so.1",), user=0)
def test_root_on_debian_gets_what_is_missing(machine: Machine) -> None:
    assert system_libraries.provide(screen_needed=True) == ""
    assert machine.calls[0][0] == "update"
    assert machine.calls[1][-3:] == ("libegl1", "xvfb", "libgl1-mesa-dri")


@on(missing=("libgthread-2.0.so.0", "libglib-2.0.so.0"))
def test_others_are_told_what_to_type(machine: Machine) -> None:
    message = system_libraries.provide(screen_needed=False)
    assert message.endswith("\n  sudo apt-get install --yes libglib2.0-0")
    assert machine.calls == []


@on(missing=("libEGL.so.1",), programs=("dnf",))
def test_fedora_is_told_in_its_own_words(machine: Machine) -> None:
    message = system_libraries.provide(screen_needed=True)
    assert message.endswith("  sudo dnf install 'libEGL.so.1()(64bit)' xorg-x11-server-Xvfb")


@on(missing=("libEGL.so.1",), programs=())
def test_an_unknown_system_is_told_the_names(machine: Machine) -> None:
    assert system_libraries.provide(screen_needed=True).endswith(": libEGL.so.1, Xvfb")


@on(missing=("libEGL.so.1",), programs=("Xvfb",))
def test_the_screen_is_left_out_where_it_is_there(machine: Machine) -> None:
    assert system_libraries.provide(screen_needed=True).endswith(": libEGL.so.1")
