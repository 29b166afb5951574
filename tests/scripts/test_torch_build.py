from __future__ import annotations

from pathlib import Path

import pytest

import torch_build

CPU = {"torch": "2.13.0", "sympy": "1.14"}
CUDA = {"torch": "2.13.0", "nvidia-cublas": "13.0", "cuda-bindings": "13.0", "sympy": "1.14"}


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_build, "has_nvidia_gpu", lambda: False)


def test_packages_for_cuda_are_named() -> None:
    assert torch_build.cuda_packages(CPU) == []
    assert torch_build.cuda_packages(CUDA) == ["nvidia-cublas", "cuda-bindings"]
    assert torch_build.cuda_packages({"torch": "2.13.0+cu130"}) == ["torch"]
    assert torch_build.cuda_packages({"torch": "2.13.0+cpu"}) == []


def test_versions_are_listed_once_newest_first() -> None:
    listing = (
        "torch (2.15.0)\nAvailable versions: 2.15.0, 2.13.0+cpu, 2.13.0, 2.12.1\n  LATEST: 2\n"
    )
    assert torch_build.known_versions(listing) == ["2.15.0", "2.13.0", "2.12.1"]
    assert torch_build.known_versions("ERROR: No matching distribution found") == []


def test_the_requirement_is_the_projects_own(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[project]\ndependencies = ["torchmetrics", "torch>=2.4,<2.14"]\n')
    assert torch_build.requirement(pyproject) == "torch>=2.4,<2.14"


@pytest.mark.usefixtures("no_gpu")
def test_the_cpu_index_is_taken_where_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_build, "_answers", lambda index: True)
    monkeypatch.setattr(torch_build, "_would_install", lambda python, arguments: CPU)
    chosen = torch_build.choose(Path("python"), "torch<3")
    assert chosen == ["torch<3", "--index-url", torch_build.CPU_INDEX]


@pytest.mark.usefixtures("no_gpu")
def test_without_it_the_newest_version_that_brings_no_cuda_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = {
        "torch<3": CUDA,
        "torch<3,==3.1": None,  # outside the bounds: pip finds nothing
        "torch<3,==2.9": CUDA,
        "torch<3,==2.8": CPU,
        "torch<3,==2.7": CPU,
    }
    _without_index(monkeypatch, answers, "Available versions: 3.1, 2.9, 2.8+cpu, 2.8, 2.7")
    assert torch_build.choose(Path("python"), "torch<3") == ["torch<3,==2.8"]


@pytest.mark.usefixtures("no_gpu")
def test_the_default_is_left_when_all_builds_bring_cuda(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _without_index(monkeypatch, {"torch<3": CUDA, "torch<3,==2.9": CUDA}, "Available versions: 2.9")
    assert torch_build.choose(Path("python"), "torch<3") == ["torch<3"]
    assert "several GB" in capsys.readouterr().out


def test_a_gpu_gets_the_default_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_build, "has_nvidia_gpu", lambda: True)
    assert torch_build.choose(Path("python"), "torch<3") == ["torch<3"]


def _without_index(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, dict[str, str] | None], listing: str
) -> None:
    """No CPU index; pip would install ``answers`` and lists the versions in ``listing``."""

    def pip(*arguments: object) -> torch_build.subprocess.CompletedProcess[str]:
        return torch_build.subprocess.CompletedProcess([], 0, stdout=listing)

    monkeypatch.setattr(torch_build, "_answers", lambda index: False)
    monkeypatch.setattr(
        torch_build, "_would_install", lambda python, arguments: answers[arguments[0]]
    )
    monkeypatch.setattr(torch_build, "_pip", pip)
