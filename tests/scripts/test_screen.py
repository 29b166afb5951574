from __future__ import annotations

import pytest

import screen


@pytest.fixture(autouse=True)
def linux_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def test_no_display_is_a_reason() -> None:
    assert screen.reason_for_none() == "neither DISPLAY nor WAYLAND_DISPLAY is set."


def test_a_dead_display_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4711")
    monkeypatch.setattr(screen, "_x11_answers", lambda: False)
    assert "DISPLAY is :4711, but no X server answers" in screen.reason_for_none()


def test_a_display_that_answers_is_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(screen, "_x11_answers", lambda: True)
    assert screen.reason_for_none() == ""


def test_wayland_is_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert screen.reason_for_none() == ""


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_windows_and_macos_have_a_screen(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(screen.sys, "platform", platform)
    assert screen.reason_for_none() == ""
