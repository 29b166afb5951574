"""OpenVINO without its telemetry, and without its converters, which take most of its import."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import openvino

_CONVERTERS = "openvino.tools.ovc"


@cache
def load_openvino() -> Any:
    """The module ``openvino``; ImportError where it is not installed.

    Its package of model converters reports each import to Google Analytics unless the user opted
    out (openvino-telemetry 2025.2), and takes three quarters of the time that the import needs.
    OpenVINO goes on without that package where it is missing, and so it is made to look missing
    while OpenVINO is imported; who imports it afterwards gets it.
    """
    hidden = _CONVERTERS not in sys.modules
    if hidden:
        sys.modules[_CONVERTERS] = None  # type: ignore[assignment]
    try:
        import openvino
        import openvino.opset13
    finally:
        if hidden:
            del sys.modules[_CONVERTERS]
    return openvino


@cache
def openvino_core() -> openvino.Core:
    """The one `openvino.Core` of this process."""
    return load_openvino().Core()
