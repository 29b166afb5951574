from __future__ import annotations

from pathlib import Path

import pytest

import torch_build

CPU = {"version": "2.13.0", "requires_dist": ["sympy>=1.13", "numpy; extra == 'all'"]}
CUDA = {"version": "2.13.0", "requires_dist": ["sympy", "nvidia-cublas>=13"]}


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_build, "has_nvidia_gpu", lambda: False)


@pytest.mark.parametrize(
    ("version", "requirement", "expected"),
    [
        ("2.13.0", "sympy", False),
        ("2.13.0+cpu", "sympy", False),
        ("2.13.0+cu130", "sympy", True),
        ("2.13.0", 'cuda-toolkit[cudart]==13.0.2; platform_system == "Linux"', True),
        ("2.5.1", 'nvidia-nccl-cu12 (==2.21) ; platform_machine == "aarch64"', False),
        ("2.5.1", 'nvidia-nccl-cu12 (==2.21) ; platform_system == "Windows"', False),
        ("2.5.1", "nvidia-nccl-cu12; extra == 'distributed'", False),
    ],
)
def test_cuda_is_told_by_the_requirements_that_count_here(
    monkeypatch: pytest.MonkeyPatch, version: str, requirement: str, expected: bool
) -> None:
    monkeypatch.setattr(torch_build.platform, "system", lambda: "Linux")
    monkeypatch.setattr(torch_build.platform, "machine", lambda: "x86_64")
    metadata = {"version": version, "requires_dist": [requirement]}
    assert torch_build.needs_cuda(metadata) == expected


def test_versions_are_listed_cpu_builds_first_then_newest_first() -> None:
    listing = (
        "torch (2.15.0)\nAvailable versions: 2.15.0, 2.13.0+cpu, 2.13.0, 2.12.1\n  LATEST: 2\n"
    )
    assert torch_build.known_versions(listing) == ["2.13.0+cpu", "2.15.0", "2.13.0", "2.12.1"]
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
    _without_index(monkeypatch, answers, "Available versions: 3.1, 2.9, 2.8, 2.7")
    assert torch_build.choose(Path("python"), "torch<3") == ["torch<3,==2.8"]


@pytest.mark.usefixtures("no_gpu")
def test_the_default_is_left_when_all_builds_bring_cuda(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _without_index(monkeypatch, {"torch<3": CUDA, "torch<3,==2.9": CUDA}, "Available versions: 2.9")
    assert torch_build.choose(Path("python"), "torch<3") == ["torch<3"]
    assert "several GB" in capsys.readouterr().out


@pytest.mark.usefixtures("no_gpu")
def test_the_search_ends_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_index(monkeypatch, {"torch<3": CUDA, "torch<3,==2.9": CPU}, "Available versions: 2.9")
    monkeypatch.setattr(torch_build, "SEARCH_FOR_S", -1)
    assert torch_build.choose(Path("python"), "torch<3") == ["torch<3"]


def test_a_gpu_gets_the_default_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_build, "has_nvidia_gpu", lambda: True)
    assert torch_build.choose(Path("python"), "torch<3") == ["torch<3"]


def _without_index(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, torch_build.Metadata | None], listing: str
) -> None:
    """No CPU index; pip would install ``answers`` and lists the versions in ``listing``."""

    def pip(*arguments: object) -> torch_build.subprocess.CompletedProcess[str]:
        return torch_build.subprocess.CompletedProcess([], 0, stdout=listing)

    monkeypatch.setattr(torch_build, "_answers", lambda index: False)
    monkeypatch.setattr(
        torch_build, "_would_install", lambda python, arguments: answers[arguments[0]]
    )
    monkeypatch.setattr(torch_build, "_pip", pip)
