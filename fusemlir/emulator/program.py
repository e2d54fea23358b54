"""A kernel as basic blocks of steps, in the order that they are run in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from fusemlir.emulator.batch import Batch
from fusemlir.emulator.decoder import Decoder, Reader, Step
from fusemlir.emulator.errors import PtxError
from fusemlir.emulator.flow import order_blocks
from fusemlir.emulator.form import Form
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.semantics.table import build
from fusemlir.emulator.syntax import Function, Instruction, Name
from fusemlir.emulator.types import PREDICATE, U32

END = -1
"""The block of threads that have ended."""

ENDING = ("bra", "ret", "exit", "trap", "bar", "barrier")


@dataclass(frozen=True)
class Jump:
    """To another block."""

    target: int


@dataclass(frozen=True)
class Branch:
    """To `target` where the condition holds, else to `other`."""

    condition: Reader
    target: int
    other: int


@dataclass(frozen=True)
class Barrier:
    """Threads wait for as many as `threads` says, of all the block's if nothing."""

    number: Reader
    threads: Reader | None
    waits: bool
    target: int


@dataclass(frozen=True)
class Trap:
    """The kernel gives up."""


Ending: TypeAlias = Jump | Branch | Barrier | Trap


@dataclass
class BasicBlock:
    """Steps without a way in or out between them; targets are numbers in the order."""

    steps: list[Step] = field(default_factory=list[Step])
    instructions: list[Instruction] = field(default_factory=list[Instruction])
    """Of the steps, and the one that ends it if there is one."""
    ending: Ending = Jump(END)

    @property
    def mnemonics(self) -> list[str]:
        """Of what all threads that come here execute."""
        return [
            instruction.mnemonic
            for instruction in self.instructions
            if instruction.guard is None or _ends(instruction)
        ]

    @property
    def targets(self) -> tuple[int, ...]:
        match self.ending:
            case Branch(target=target, other=other):
                return target, other
            case Jump(target=target) | Barrier(target=target):
                return (target,)
            case Trap():
                return ()


@dataclass(frozen=True)
class Program:
    """A kernel, ready to run."""

    function: Function
    decoder: Decoder
    blocks: tuple[BasicBlock, ...]
    global_shift: int
    """Logarithm of the bytes of the least access to global memory."""
    shared_shift: int
    orders_warps: bool
    """Whether there are barriers of warps."""


def compile_program(
    function: Function, symbols: Mapping[str, tuple[str, int]]
) -> Program:
    """The blocks of a kernel without calls; raises `PtxError` at what is not known."""
    decoder = Decoder(function.registers, symbols)
    blocks = _Blocks(function, decoder).build()
    order = order_blocks({n: _inner(b) for n, b in enumerate(blocks)}, 0)
    position = {number: place for place, number in enumerate(order)} | {END: END}
    ordered = tuple(_renumbered(blocks[number], position) for number in order)
    widths = list(_widths(function.instructions))
    return Program(
        function,
        decoder,
        ordered,
        _shift(widths, "global"),
        _shift(widths, "shared"),
        any("warp" in i.modifiers for i in function.instructions if i.opcode == "bar"),
    )


def _inner(block: BasicBlock) -> Sequence[int]:
    return [target for target in block.targets if target != END]


def _renumbered(block: BasicBlock, position: Mapping[int, int]) -> BasicBlock:
    ending = block.ending
    if isinstance(ending, Branch):
        target, other = position[ending.target], position[ending.other]
        ending = replace(ending, target=target, other=other)
    elif isinstance(ending, Jump | Barrier):
        ending = replace(ending, target=position[ending.target])
    return replace(block, ending=ending)


WIDTHS = {"8": 1, "16": 2, "32": 4, "64": 8, "f16": 2, "x2": 4}


def _widths(instructions: Sequence[Instruction]) -> Iterator[tuple[str, int]]:
    """The memory and the bytes of each access that an instruction makes."""
    for instruction in instructions:
        modifiers = instruction.modifiers
        if instruction.opcode == "cp" and "shared" in " ".join(modifiers):
            yield "shared", 4 if "ca" in modifiers else 16
            yield "global", 1 if len(instruction.operands) > 3 else 4
        elif instruction.opcode in ("ldmatrix", "stmatrix"):
            yield "shared", 16
        elif instruction.opcode in ("ld", "ldu", "st", "atom", "red"):
            count = next((int(m[1]) for m in modifiers if m in ("v2", "v4", "v8")), 1)
            name = modifiers[-1]
            width = next(w for end, w in WIDTHS.items() if name.endswith(end))
            spaces = [m.split("::")[0] for m in modifiers]
            if not {"global", "const", "param", "local"} & set(spaces):
                yield "shared", count * width
            if not {"shared", "param", "local"} & set(spaces):
                yield "global", count * width


def _shift(widths: Sequence[tuple[str, int]], memory: str) -> int:
    """At most 16 bytes, so that rows of any width are whole granules."""
    least = min((width for name, width in widths if name == memory), default=16)
    return min(least, 16).bit_length() - 1


class _Blocks:
    """Cuts the instructions of a kernel into blocks, numbered by the text."""

    def __init__(self, function: Function, decoder: Decoder):
        self.function = function
        self.decoder = decoder
        self.blocks: list[BasicBlock] = []
        self.starts: dict[int, int] = {}
        """By instruction, the block that begins with it."""

    def build(self) -> list[BasicBlock]:
        instructions = self.function.instructions
        leaders = {0, *self.function.labels.values()}
        for number, instruction in enumerate(instructions):
            if _ends(instruction):
                leaders.add(number + 1)
        # Falling off the end is returning.
        edges = sorted(leader for leader in leaders if leader < len(instructions))
        self.starts = {first: number for number, first in enumerate(edges)}
        self.blocks = [BasicBlock() for _ in edges] or [BasicBlock()]
        for number, first in enumerate(edges):
            last = edges[number + 1] if number + 1 < len(edges) else len(instructions)
            self.fill(self.blocks[number], instructions[first:last], last)
        return self.blocks

    def fill(
        self, block: BasicBlock, instructions: Sequence[Instruction], last: int
    ) -> None:
        following = self.block_at(last)
        block.ending = Jump(following)
        for instruction in instructions:
            if _ends(instruction):
                self.end(block, instruction, following)
            else:
                block.instructions.append(instruction)
                block.steps.append(self.step(instruction))

    def block_at(self, instruction: int) -> int:
        return self.starts.get(instruction, END)

    def step(self, instruction: Instruction) -> Step:
        form = Form(instruction)
        step = build(form, self.decoder)
        if instruction.guard is None:
            return step
        condition = self.decoder.read(form, instruction.guard, PREDICATE)
        name = instruction.mnemonic

        def guarded(batch: Batch, lanes: Lanes) -> None:
            some = lanes.where(condition(batch, lanes))
            if some is not None:
                batch.meter.count_guarded(name, some)
                step(batch, some)

        return guarded

    def end(self, block: BasicBlock, instruction: Instruction, following: int) -> None:
        form = Form(instruction)
        ending = self.ending(form, following)
        form.finish()
        guard = instruction.guard
        if guard is None:
            block.instructions.append(instruction)
            block.ending = ending
            return
        condition = self.decoder.read(form, guard, PREDICATE)
        if isinstance(ending, Jump):
            block.instructions.append(instruction)
            block.ending = Branch(condition, ending.target, following)
            return
        # What is guarded is a block of its own.
        self.blocks.append(BasicBlock([], [instruction], ending))
        block.ending = Branch(condition, len(self.blocks) - 1, following)

    def ending(self, form: Form, following: int) -> Ending:
        opcode = form.instruction.opcode
        if opcode == "bra":
            form.flag("uni")
            return Jump(self.target(form))
        if opcode in ("ret", "exit"):
            form.flag("uni")
            return Jump(END)
        if opcode == "trap":
            return Trap()
        return self.barrier(form, following)

    def target(self, form: Form) -> int:
        form.expect_operands(1)
        operand = form.operands[0]
        labels = self.function.labels
        if not isinstance(operand, Name) or operand.text not in labels:
            raise form.error(f"no label is called {operand}")
        return self.block_at(labels[operand.text])

    def barrier(self, form: Form, following: int) -> Barrier:
        form.flag("cta")
        kind = form.required("sync", "arrive")
        form.flag("aligned")
        form.expect_operands(1, 2)
        number = self.decoder.read(form, form.operands[0], U32)
        threads = None
        if len(form.operands) == 2:
            threads = self.decoder.read(form, form.operands[1], U32)
        if kind == "arrive" and threads is None:
            raise form.error("an arrival wants the number of threads")
        return Barrier(number, threads, kind == "sync", following)


def _ends(instruction: Instruction) -> bool:
    if instruction.opcode == "bar":
        return "warp" not in instruction.modifiers
    if instruction.opcode == "call":
        raise PtxError(instruction.line, "a call was left in the kernel")
    return instruction.opcode in ENDING
