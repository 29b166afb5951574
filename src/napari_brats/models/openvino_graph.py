"""The networks as OpenVINO graphs, made from the arrays of a bundle's weights file.

Twins of `UNet3D`, `UNetEnsemble` and `AutoEncoder3D`: the same layers in the same order, by the
names of the same weights, without torch. `tests/models/test_openvino_graph.py` holds them to the
same output. Making a graph takes some 50 ms, so that no second copy of the weights has to be kept
beside them and none can be out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_brats.models.configs import NetworkConfig, UNet3DConfig

if TYPE_CHECKING:
    import openvino

Arrays = Mapping[str, npt.NDArray[np.floating]]
Node = Any
_EPSILON = 1e-5
"""Of all of torch's normalisation layers."""

_SLOPE = 0.01
_SPACE = (2, 3, 4)


def openvino_graph(config: NetworkConfig, arrays: Arrays) -> openvino.Model:
    """The graph ``(1, C, X, Y, Z)`` -> ``(1, R, X, Y, Z)`` float32, X, Y and Z free.

    ``arrays`` are the network's, named as in its torch twin; KeyError or ValueError where they do
    not fit ``config``.
    """
    from napari_brats.models.openvino_runtime import load_openvino

    ov = load_openvino()
    image = ov.opset13.parameter([1, config.in_channels, -1, -1, -1], np.float32, name="image")
    op, members = ov.opset13, config.members if isinstance(config, UNet3DConfig) else 1
    if members == 1:
        result = _network(_Layers(op, arrays), config, image)
    else:  # `ensemble.UNetEnsemble`
        parts = (_Layers(op, arrays, f"members.{number}.") for number in range(members))
        total = reduce(op.add, (_network(layers, config, image) for layers in parts))
        result = op.divide(total, op.constant(np.array([members], np.float32)))
    return ov.Model([result], [image], "network")


def _network(layers: _Layers, config: NetworkConfig, image: Node) -> Node:
    if isinstance(config, UNet3DConfig):
        attention, skips_reach, residual = config.attention, True, False
    else:
        attention, skips_reach, residual = False, config.skips, config.residual
    stride, levels = config.stem_stride, len(config.widths)
    x = layers.convolution(image, "stem", stride=stride, padding=1)
    skips = []
    for level in range(levels):
        x = layers.double_convolution(x, f"encoder.{level}", config.norm, 2 if level else 1)
        skips.append(x)
    skips.pop()
    for level in reversed(range(levels - 1)):
        skip, up = skips.pop(), layers.transposed(x, f"up.{level}", 2)
        if attention:
            skip = layers.attention(skip, x, f"gates.{level}")
        joined = layers.op.concat([up, skip], 1) if skips_reach else up
        x = layers.double_convolution(joined, f"decoder.{level}", config.norm)
    x = layers.transposed(x, "head", stride)
    if residual:
        x = layers.op.add(x, layers.channels(image, config.out_channels))
    return x


class _Layers:
    """torch's layers by the names of their weights, all of which begin with ``prefix``.

    ``op`` is OpenVINO's set of operations.
    """

    def __init__(self, op: Any, arrays: Arrays, prefix: str = "") -> None:
        self.op = op
        self._arrays = arrays
        self._prefix = prefix

    def convolution(
        self, x: Node, name: str, *, stride: int = 1, padding: int = 0, norm: str = ""
    ) -> Node:
        """A convolution; a batch norm called ``norm`` after it goes into its weights and bias."""
        weight, bias = self._array(f"{name}.weight"), self._bias(f"{name}.bias")
        if norm:
            scale = self._array(f"{norm}.weight")
            scale = scale / np.sqrt(self._array(f"{norm}.running_var") + _EPSILON)
            bias = (
                self._array(f"{norm}.bias") + (bias - self._array(f"{norm}.running_mean")) * scale
            )
            weight = weight * scale[:, None, None, None, None]
        pads = [padding] * 3
        x = self.op.convolution(x, self._constant(weight), [stride] * 3, pads, pads, [1] * 3)
        return self._shifted(x, bias) if np.ndim(bias) else x

    def transposed(self, x: Node, name: str, stride: int) -> Node:
        """A transposed convolution whose blocks do not overlap."""
        weight = self._constant(self._array(f"{name}.weight"))
        x = self.op.convolution_backprop_data(
            x, weight, [stride] * 3, pads_begin=[0] * 3, pads_end=[0] * 3
        )
        return self._shifted(x, self._array(f"{name}.bias"))

    def double_convolution(self, x: Node, name: str, norm: str, stride: int = 1) -> Node:
        """`blocks.double_conv`."""
        for first, step in ((0, stride), (3, 1)):
            where, normed = f"{name}.{first}", f"{name}.{first + 1}"
            if norm == "batch":
                x = self.convolution(x, where, stride=step, padding=1, norm=normed)
            else:
                x = self.convolution(x, where, stride=step, padding=1)
                x = self._normalised(x, normed, norm)
            x = self._leaky(x)
        return x

    def attention(self, skip: Node, gate: Node, name: str) -> Node:
        """`blocks.AttentionGate`."""
        both = self.op.add(
            self.convolution(skip, f"{name}.skip", stride=2),
            self.convolution(gate, f"{name}.gate"),
        )
        share = self.op.sigmoid(self.convolution(self._leaky(both), f"{name}.weight"))
        doubled = self.op.interpolate(
            share,
            self._numbers([2.0, 2.0, 2.0], np.float32),
            "linear_onnx",
            "scales",
            coordinate_transformation_mode="half_pixel",
            axes=self._numbers(_SPACE, np.int64),
        )
        return self.op.multiply(skip, doubled)

    def channels(self, x: Node, count: int) -> Node:
        """The first ``count`` channels."""
        begin, end, step, axis = (self._numbers([n], np.int64) for n in (0, count, 1, 1))
        return self.op.slice(x, begin, end, step, axis)

    def _normalised(self, x: Node, name: str, norm: str) -> Node:
        """Instance norm, or layer norm over the channels of each voxel (`blocks.ChannelNorm`)."""
        inner = f"{name}.norm" if norm == "layer" else name
        axes = self._numbers((1,) if norm == "layer" else _SPACE, np.int64)
        x = self.op.mvn(x, axes, True, _EPSILON, "inside_sqrt")
        x = self.op.multiply(x, self._constant(_per_channel(self._array(f"{inner}.weight"))))
        return self._shifted(x, self._array(f"{inner}.bias"))

    def _leaky(self, x: Node) -> Node:
        return self.op.prelu(x, self._numbers([_SLOPE], np.float32))

    def _shifted(self, x: Node, bias: Any) -> Node:
        return self.op.add(x, self._constant(_per_channel(bias)))

    def _array(self, name: str) -> npt.NDArray[np.float32]:
        return self._arrays[self._prefix + name].astype(np.float32)

    def _bias(self, name: str) -> Any:
        return self._array(name) if self._prefix + name in self._arrays else np.float32(0)

    def _constant(self, values: npt.NDArray[np.float32]) -> Node:
        return self.op.constant(np.ascontiguousarray(values))

    def _numbers(self, values: Any, kind: type) -> Node:
        return self.op.constant(np.array(values, kind))


def _per_channel(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return values.reshape(1, -1, 1, 1, 1)
