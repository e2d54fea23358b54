"""Random small networks: what a network is while it is drawn, and the strategies.

Of any layer and type, with NaN and infinities, where what a rule moves unchanged must
give the same bits. Exact ones, where every value is a small multiple of a power of two,
so that no layer rounds: there whatever is equal over the reals is equal, and algebra
is compared without a tolerance. And smooth ones of ordinary numbers, for what cannot be
exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeVar

import ml_dtypes
import numpy as np
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, TensorType, UnitAttr, bf16, f16, f32, i1, i8
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Region, SSAValue

from fusemlir.dialects.trt import ConstantOp, IdentityOp, ShuffleOp, UnaryOp
from fusemlir.dialects.trt.base import (
    LayerOp,
    Shape,
    element_type_of,
    is_float,
    shape_of,
)
from fusemlir.dialects.trt.constant import dense
from fusemlir.dialects.trt.enums import UnaryOperation
from fusemlir.dialects.trt.module_attributes import NO_FUSE
from fusemlir.dialects.trt.weight import DENSE_LIMIT, WeightAttr
from fusemlir.reference import Mode, evaluate
from fusemlir.reference.rules import RULES, Context
from fusemlir.tools.instrumentation import PrintStyle
from fusemlir.weights import Weights, dtype_of

MAX_VOLUME = 256
"""Elements of the largest tensor that a layer reads."""

IMAGES: tuple[Shape, ...] = ((1, 2, 3, 4), (2, 4, 4, 3), (1, 4, 5, 4), (1, 1, 3, 3))
VOLUMES: tuple[Shape, ...] = ((1, 2, 2, 3, 3), (1, 4, 3, 2, 2))
SHAPES: tuple[Shape, ...] = (*IMAGES, *VOLUMES, (3, 4), (2, 3, 4), (6,))

FLOATS: tuple[Attribute, ...] = (f32, f16, bf16)

SPECIAL = (np.nan, np.inf, -np.inf, -0.0, 1e-42)

LARGEST = 2.0**8
STEP = 2.0**-4
"""Of an exact value: the greatest magnitude, and what it is a multiple of. A sum of 64
products of two such values still has at most 24 bits, which f32 holds."""

Choice = TypeVar("Choice")


class Kind(Enum):
    """What a network is drawn for."""

    ANY = auto()
    EXACT = auto()
    SMOOTH = auto()
    """No layer makes much of a small difference."""


class NotExactError(Exception):
    """A layer that was drawn into an exact network rounds."""


@dataclass(frozen=True)
class Drawn:
    """A network and one array for each of its inputs."""

    module: ModuleOp
    inputs: list[np.ndarray]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What hypothesis shows of an example that fails: the text of the network."""
        printer.text(f"{PrintStyle().text(self.module)}{self.inputs}")


class Net:
    """A network that layers are drawn into, over the values that it has."""

    def __init__(self, draw: st.DrawFn, kind: Kind) -> None:
        # Of choices drawn one by one hypothesis tries copies of each in the place of
        # others, and five of six networks would be nearly the one before.
        self.random = draw(st.randoms(use_true_random=False))
        self.kind = kind
        self.block = Block()
        self.inputs: list[np.ndarray] = []
        self.values: list[SSAValue] = []
        self.wanted: list[SSAValue] = []
        """Values inside a motif that become outputs of the network as well."""
        self.constants: list[tuple[SSAValue, Sequence[float]]] = []
        self.element = self.pick((f32, f32, f32, f16, bf16))
        """The type of most of its floats."""
        self._arrays: dict[SSAValue, np.ndarray] = {}
        self._weights = Weights()

    @property
    def exact(self) -> bool:
        return self.kind is Kind.EXACT

    def pick(self, options: Sequence[Choice]) -> Choice:
        return options[self.integer(0, len(options) - 1)]

    def chance(self, one_in: int) -> bool:
        return self.integer(1, one_in) == one_in

    def near_miss(self, *things: str) -> str:
        """One thing to get wrong, or in a third of all cases nothing."""
        return "" if self.chance(3) else self.pick(things)

    def integer(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def some(self, options: Sequence[Choice]) -> list[Choice]:
        """Some of `options`, at least one, in their order."""
        chosen = [option for option in options if self.chance(2)]
        return chosen or [self.pick(options)]

    def order(self, rank: int) -> list[int]:
        left = [*range(rank)]
        return [left.pop(self.integer(0, last)) for last in reversed(range(rank))]

    def seed(self) -> np.random.Generator:
        return np.random.default_rng(self.integer(0, 2**16))

    def value(
        self,
        elements: Sequence[Attribute] = (),
        ranks: Sequence[int] = (),
        fits: Callable[[SSAValue], bool] = lambda value: True,
    ) -> SSAValue:
        """Any value of one of these types and ranks, a young one rather than an old;
        a new input of the network where there is none."""
        found = [
            value
            for value in self.values
            if (not elements or element_type_of(value) in elements)
            and (not ranks or len(shape_of(value)) in ranks)
            and math.prod(shape_of(value)) <= MAX_VOLUME
            and fits(value)
        ]
        if found and not self.chance(16):
            return found[-min(self.pick((1, 1, 1, 2, 3, 5)), len(found))]
        shapes = [shape for shape in SHAPES if not ranks or len(shape) in ranks]
        return self.argument(self._element(elements), self.pick(shapes))

    def ranked(self, elements: Sequence[Attribute] = ()) -> SSAValue:
        """Any value of one of these types that has an axis."""
        return self.value(elements, fits=lambda value: shape_of(value) != ())

    def floats(self, *ranks: int) -> SSAValue:
        return self.value(FLOATS, ranks)

    def _element(self, elements: Sequence[Attribute]) -> Attribute:
        if not elements or self.element in elements:
            return self.element
        return self.pick(elements)

    def argument(self, element: Attribute, shape: Sequence[int]) -> SSAValue:
        """A new input of the network."""
        value = self.block.insert_arg(TensorType(element, shape), len(self.block.args))
        array = self._input(element, tuple(shape))
        self.inputs.append(array)
        self._arrays[value] = array
        self.values.append(value)
        return value

    def _input(self, element: Attribute, shape: Shape) -> np.ndarray:
        rng, dtype = self.seed(), dtype_of(element)
        if self.exact or not is_float(element):
            low, high = (0, 2) if element == i1 else (-3, 4)
            if element == i8 and self.kind is Kind.ANY:
                low, high = -128, 128
            return rng.integers(low, high, shape).astype(dtype)
        array = np.asarray(rng.normal(size=shape))
        if self.kind is Kind.ANY and self.chance(3):
            array.flat[rng.integers(array.size, size=2)] = rng.choice(SPECIAL, 2)
        return array.astype(dtype)

    def constant(
        self, element: Attribute, shape: Sequence[int], numbers: Sequence[float]
    ) -> SSAValue:
        """A constant of some of `numbers`; now and then one that is there already."""
        type = TensorType(element, shape)
        same = [
            value
            for value, made_of in self.constants
            if value.type == type and made_of == numbers
        ]
        if same and self.chance(4):
            return self.pick(same)
        count = math.prod(shape)
        if self.chance(3):
            data = [self.pick(numbers)] * count
        else:
            data = self.seed().choice(numbers, count).tolist()
        if not is_float(element):
            data = [int(number) for number in data]
        if count <= DENSE_LIMIT:
            made = ConstantOp(dense(type, data))
        elif self.exact:
            # Data of a source are any numbers.
            raise NotExactError
        else:
            made = ConstantOp(WeightAttr.named(f"w{len(self.constants)}", type))
        value = self.insert(made)
        self.constants.append((value, numbers))
        return value

    def numbers(self) -> tuple[float, ...]:
        """What weights are made of."""
        exact = (-1.0, 0.0, 0.5, 1.0, 2.0)
        return exact if self.exact else (*exact, 0.3, -1.7)

    def insert(self, layer: LayerOp) -> SSAValue:
        """Put a layer last; raises `NotExactError` where it may not be."""
        self.block.add_op(layer)
        if self.exact:
            self._evaluate(layer)
        return layer.results[0]

    def _evaluate(self, layer: LayerOp) -> None:
        operands = [self._arrays[value] for value in layer.operands]
        typed = evaluate(layer, operands, self._weights, Mode.TYPED)
        with np.errstate(all="ignore"):
            wide: Any = RULES[type(layer)](
                layer, operands, Context(self._weights, Mode.WIDE)
            )
        wide = wide if isinstance(wide, tuple) else (wide,)
        if not all(map(is_exact, typed, wide)):
            layer.detach()
            layer.erase()
            raise NotExactError
        self._arrays.update(zip(layer.results, typed, strict=True))

    def add(self, layer: LayerOp) -> SSAValue:
        """Put a layer last, for others to use; now and then not to be fused."""
        value = self.insert(layer)
        self.values += layer.results
        if self.chance(40):
            layer.attributes[NO_FUSE] = UnitAttr()
        return value

    def then(self, layer: LayerOp) -> SSAValue:
        """Like `add`, inside a motif: now and then what comes of it is an output too,
        or something comes in between."""
        value = self.add(layer)
        if self.chance(16):
            self.wanted.append(value)
        if not self.chance(20):
            return value
        match self.integer(0, 2):
            case 0:
                return self.add(IdentityOp(value))
            case 1 if is_float(element_type_of(value)):
                return self.add(UnaryOp(UnaryOperation.NEG, value))
            case _:
                return self.add(ShuffleOp(value, reshape_dims=shape_of(value)))

    def outputs(self) -> list[SSAValue]:
        chosen = [self.values[-1], *self.wanted[:3]]
        if self.chance(2):
            chosen.append(self.value())
        return list(dict.fromkeys(chosen))


def is_exact(typed: np.ndarray, wide: np.ndarray) -> bool:
    """Whether a layer did not round, and what follows has room not to."""
    if typed.dtype == np.bool_:
        return True
    found, wanted = typed.astype(np.float64), np.asarray(wide).astype(np.float64)
    return (
        np.array_equal(found, wanted)
        and bool(np.all(np.abs(found) <= LARGEST))
        and np.array_equal(np.round(found / STEP) * STEP, found)
    )


def bits_of(array: np.ndarray) -> bytes:
    """The bits of an array; those of a NaN are of no matter."""
    if array.dtype.kind not in "fV" and array.dtype != ml_dtypes.bfloat16:
        return array.tobytes()
    return np.where(np.isnan(array), array.dtype.type(np.nan), array).tobytes()


Grower = Callable[[Net], object]


@st.composite
def networks(
    draw: st.DrawFn, growers: Sequence[Grower], kind: Kind, *, least: int = 2, most: int
) -> Drawn:
    """A network of `least` to `most` layers or motifs: shared values, dead layers,
    several outputs."""
    net = Net(draw, kind)
    for _ in range(draw(st.integers(least, most))):
        try:
            net.pick(growers)(net)
        except NotExactError:
            continue
    if not net.values:
        net.argument(net.element, net.pick(SHAPES))
    outputs = net.outputs()
    net.block.add_op(ReturnOp(*outputs))
    _forget_abandoned(net.block)
    types = (net.block.arg_types, [value.type for value in outputs])
    module = ModuleOp([FuncOp("network", types, Region(net.block))])
    return Drawn(module, net.inputs)


def _forget_abandoned(block: Block) -> None:
    """Layers that were made but not put in, when another was not exact, use nothing."""
    made = [*block.args, *(value for op in block.ops for value in op.results)]
    users = {use.operation for value in made for use in value.uses}
    for user in users:
        if user.parent is not block:
            user.drop_all_references()
