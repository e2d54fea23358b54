"""Networks of any length, as MLIR text: the shapes on which a compiler gets slow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

IMAGE = "tensor<1x8x16x16xf32>"
KERNEL = "tensor<8x8x1x1xf32>"
CHANNELS = "tensor<8xf32>"
SCALAR = "tensor<1x1x1x1xf32>"


class Network:
    """A network while it is being written down."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._constants = 0
        self.layers = 0
        """Constants left out."""

    def layer(self, text: str) -> str:
        """Add a layer; the name of its value."""
        name = f"%v{self.layers}"
        self.layers += 1
        self._lines.append(f"  {name} = trt.{text}")
        return name

    def constant(self, text: str) -> str:
        name = f"%c{self._constants}"
        self._constants += 1
        self._lines.append(f"  {name} = trt.constant {text}")
        return name

    def weight(self, type: str) -> str:
        return self.constant(f'#trt.weight<"w{self._constants}" : {type}>')

    def scalar(self, value: float) -> str:
        return self.constant(f"dense<{value}> : {SCALAR}")

    def convolution(self, x: str) -> str:
        kernel = self.weight(KERNEL)
        return self.layer(f"convolution {x}, {kernel} : ({IMAGE}, {KERNEL}) -> {IMAGE}")

    def concatenation(self, parts: Sequence[str]) -> tuple[str, int]:
        """An image of the channels of all parts, and how many parts that is."""
        types = ", ".join([IMAGE] * len(parts))
        wide = _times(IMAGE, len(parts))
        text = f"concatenation {', '.join(parts)} axis = 1 : ({types}) -> {wide}"
        return self.layer(text), len(parts)

    def narrow(self, joined: tuple[str, int]) -> str:
        """A convolution that makes an image of what was concatenated."""
        x, count = joined
        wide, kernel_type = _times(IMAGE, count), _times(KERNEL, count)
        kernel = self.weight(kernel_type)
        types = f"({wide}, {kernel_type}) -> {IMAGE}"
        return self.layer(f"convolution {x}, {kernel} : {types}")

    def norm(self, x: str) -> str:
        scale, shift = self.weight(CHANNELS), self.weight(CHANNELS)
        return self.layer(
            f"scale channel {x} scale({scale} : {CHANNELS}) "
            f"shift({shift} : {CHANNELS}) channel_axis = 1 : {IMAGE} -> {IMAGE}"
        )

    def unary(self, kind: str, x: str) -> str:
        return self.layer(f"{kind} {x} : {IMAGE} -> {IMAGE}")

    def join(self, kind: str, a: str, b: str, *, scalar: bool = False) -> str:
        """Of two images, or of an image and a scalar."""
        other = SCALAR if scalar else IMAGE
        types = f"({IMAGE}, {other}) -> {IMAGE}"
        return self.layer(f"element_wise {kind} {a}, {b} : {types}")

    def softmax(self, x: str, type: str = IMAGE, axis: int = 3) -> str:
        return self.layer(f"softmax {x} axis = {axis} : {type} -> {type}")

    def quantize(self, x: str) -> str:
        types = f"({IMAGE}, tensor<f32>) -> {IMAGE.replace('f32', 'i8')}"
        return self.layer(f"quantize {x}, {self._step()} : {types}")

    def dequantize(self, x: str) -> str:
        types = f"({IMAGE.replace('f32', 'i8')}, tensor<f32>) -> {IMAGE}"
        return self.layer(f"dequantize {x}, {self._step()} : {types}")

    def quantized_convolution(self, x: str) -> str:
        """Of 8-bit weights."""
        integers = KERNEL.replace("f32", "i8")
        types = f"({integers}, tensor<f32>) -> {KERNEL}"
        weight, step = self.weight(integers), self._step()
        kernel = self.layer(f"dequantize {weight}, {step} : {types}")
        return self.layer(f"convolution {x}, {kernel} : ({IMAGE}, {KERNEL}) -> {IMAGE}")

    def _step(self) -> str:
        return self.constant("dense<0.125> : tensor<f32>")

    def text(self, *outputs: str, type: str = IMAGE) -> str:
        """A function of one input, `%x`, which has the type of the outputs."""
        types = ", ".join([type] * len(outputs))
        return "\n".join(
            (
                f"func.func @network(%x: {type}) -> ({types}) {{",
                *self._lines,
                f"  func.return {', '.join(outputs)} : {types}",
                "}\n",
            )
        )


def _times(type: str, count: int) -> str:
    """An image or a kernel of so many times the input channels."""
    return type.replace("x8x", f"x{8 * count}x")


def convolutions(layers: int) -> str:
    """convolution, batch norm, relu, again and again."""
    network, x = Network(), "%x"
    while network.layers < layers:
        x = network.norm(network.convolution(x))
        x = network.unary("activation relu", x)
    return network.text(x)


def pointwise(layers: int) -> str:
    """A chain of functions, of one value each."""
    network, x = Network(), "%x"
    while network.layers < layers:
        kind = ("unary exp", "unary abs", "activation sigmoid")[network.layers % 3]
        x = network.unary(kind, x)
    return network.text(x)


def early_value(layers: int) -> str:
    """One early value that is added to all later ones, which depend on it."""
    network = Network()
    early = x = network.unary("unary exp", "%x")
    outputs: list[str] = []
    while network.layers < layers:
        x = network.softmax(x)
        outputs.append(network.join("sum", early, x))
    return network.text(*outputs)


def early_convolution(layers: int) -> str:
    """One early convolution, which every later one is added to."""
    network = Network()
    early = x = network.convolution("%x")
    while network.layers < layers:
        x = network.unary("activation relu", network.convolution(x))
        x = network.join("sum", x, early)
    return network.text(x)


def shuffles(layers: int) -> str:
    """Transposes that become one or cancel, with a softmax here and there."""
    network, x = Network(), "%x"
    cube = "tensor<4x4x4xf32>"
    while network.layers < layers:
        for order in ("2, 0, 1", "2, 0, 1", "0, 2, 1", "1, 0, 2"):
            x = network.layer(
                f"shuffle {x} first_transpose = [{order}] : {cube} -> {cube}"
            )
        x = network.softmax(x, cube, axis=2)
    return network.text(x, type=cube)


def residual(layers: int) -> str:
    """Blocks of two convolutions with norms, whose sum with what came in is cut off."""
    network, x = Network(), "%x"
    while network.layers < layers:
        before = x
        x = network.norm(network.convolution(x))
        x = network.unary("activation relu", x)
        x = network.norm(network.convolution(x))
        x = network.unary("activation relu", network.join("sum", x, before))
    return network.text(x)


def arithmetic(layers: int) -> str:
    """Sums and products of two branches, without any function."""
    network = Network()
    a = b = "%x"
    while network.layers < layers:
        a, b = network.join("prod", a, b), network.join("sub", b, a)
        a = network.join("sum", a, network.scalar(0.25), scalar=True)
    return network.text(network.join("sum", a, b))


def gelus(layers: int) -> str:
    """GELU by erf, spelled out, and arithmetic that is none around it."""
    network, x = Network(), "%x"
    while network.layers < layers:
        y = network.join("div", x, network.scalar(1.41421354), scalar=True)
        y = network.unary("unary erf", y)
        y = network.join("sum", y, network.scalar(1.0), scalar=True)
        y = network.join("prod", x, y)
        y = network.join("prod", y, network.scalar(0.5), scalar=True)
        x = network.join("sub", network.join("prod", y, y), x)
    return network.text(x)


def duplicates(layers: int) -> str:
    """Pairs of equal layers, layers that do nothing, and one that nobody needs: what
    goes is in the ledger."""
    network, x = Network(), "%x"
    while network.layers < layers:
        a = network.layer(f"identity {x} : {IMAGE} -> {IMAGE}")
        b, c = network.softmax(a), network.softmax(a)
        network.unary("unary abs", b)
        x = network.join("max", b, c)
    return network.text(x)


def dense_blocks(layers: int) -> str:
    """Convolutions, each on all that was made before it in its block of eight."""
    network, x = Network(), "%x"
    while network.layers < layers:
        parts = [x]
        for _ in range(8):
            y = network.unary("unary abs", parts[-1])
            parts.append(network.narrow(network.concatenation([*parts, y])))
        x = parts[-1]
    return network.text(x)


def quantized(layers: int) -> str:
    """Int8 convolutions with relu, each added to one early value: all of them read what
    one Dequantize makes."""
    network = Network()
    early = x = network.dequantize(network.quantize("%x"))
    while network.layers < layers:
        x = network.join("sum", network.quantized_convolution(x), early)
        x = network.unary("activation relu", x)
        x = network.dequantize(network.quantize(x))
    return network.text(x)


SHAPES: dict[str, Callable[[int], str]] = {
    "convolutions": convolutions,
    "pointwise": pointwise,
    "early-value": early_value,
    "early-convolution": early_convolution,
    "shuffles": shuffles,
    "residual": residual,
    "arithmetic": arithmetic,
    "gelus": gelus,
    "duplicates": duplicates,
    "dense-blocks": dense_blocks,
    "quantized": quantized,
}
"""By name, what writes a network of at least so many layers."""
