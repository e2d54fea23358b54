"""Runs a program on a batch of blocks."""

from __future__ import annotations

import heapq

import numpy as np

from fusemlir.emulator.barriers import Barriers
from fusemlir.emulator.batch import Batch
from fusemlir.emulator.errors import EmulationError, Fault
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.program import (
    END,
    Barrier,
    BasicBlock,
    Branch,
    Jump,
    Program,
    Trap,
)
from fusemlir.emulator.syntax import Instruction

MAXIMUM_CLOCK = 100_000_000
"""Basic blocks after which a batch is taken to wait for what never comes."""


class Machine:
    """The threads of a batch, by the block that they are about to run."""

    def __init__(self, program: Program, batch: Batch, limit: int = MAXIMUM_CLOCK):
        self.program = program
        self.batch = batch
        self.limit = limit
        self.waiting: dict[int, Lanes] = {}
        self.order: list[int] = []
        self.barriers = Barriers(batch)

    def run(self) -> None:
        """Until all threads have ended; raises `EmulationError` at a fault."""
        live = self.batch.live
        assert live is not None
        self.put(0, live)
        with np.errstate(all="ignore"):
            while True:
                while self.order:
                    number = heapq.heappop(self.order)
                    self.run_block(number, self.waiting.pop(number))
                if not self.release():
                    return

    def put(self, number: int, lanes: Lanes | None) -> None:
        """Let threads go on with a block."""
        if lanes is None:
            return
        if number == END:
            live = self.batch.live
            assert live is not None
            self.batch.live = live.without(lanes)
        elif number in self.waiting:
            self.waiting[number] = self.waiting[number].joined(lanes)
        else:
            self.waiting[number] = lanes
            heapq.heappush(self.order, number)

    def run_block(self, number: int, lanes: Lanes) -> None:
        block, batch = self.program.blocks[number], self.batch
        batch.meter.count_block(number, lanes)
        batch.clock += 1
        done = 0
        try:
            for step in block.steps:
                step(batch, lanes)
                done += 1
            self.end_block(block, number, lanes)
        except Fault as fault:
            instructions = block.instructions
            instruction = instructions[min(done, len(instructions) - 1)]
            raise self.error(instruction, fault.lane, fault.message) from fault

    def end_block(self, block: BasicBlock, number: int, lanes: Lanes) -> None:
        if self.batch.clock > self.limit:
            raise Fault(lanes.first(), f"ran {self.limit} blocks without an end")
        match block.ending:
            case Jump(target):
                self.put(target, lanes)
            case Branch(condition, target, other):
                holds = condition(self.batch, lanes)
                taken = lanes.where(holds)
                self.put(target, taken)
                if taken is None:
                    self.put(other, lanes)
                elif taken.count != lanes.count:
                    self.put(other, lanes.without(taken))
            case Barrier():
                self.barriers.arrive(block.ending, number, lanes)
                if not block.ending.waits:
                    self.put(block.ending.target, lanes)
            case Trap():
                raise Fault(lanes.first(), "the kernel gives up here")

    def release(self) -> bool:
        """Let those go on whose barrier is complete; false when all have ended."""
        if not self.barriers.anybody_waits:
            return False
        try:
            released = self.barriers.release()
        except Fault as fault:
            block = self.program.blocks[self.barriers.place_of(fault.lane)]
            instruction = block.instructions[-1]
            raise self.error(instruction, fault.lane, fault.message) from fault
        for target, lanes in released:
            self.put(target, lanes)
        if not released:
            lane, number, message = self.barriers.why_stuck(self.lines())
            instruction = self.program.blocks[number].instructions[-1]
            raise self.error(instruction, lane, message)
        return True

    def lines(self) -> dict[int, int]:
        """By block that ends with a barrier, the barrier's line."""
        return {
            number: block.instructions[-1].line
            for number, block in enumerate(self.program.blocks)
            if isinstance(block.ending, Barrier)
        }

    def error(
        self, instruction: Instruction, lane: int, message: str
    ) -> EmulationError:
        geometry = self.batch.geometry
        return EmulationError(
            self.program.function.name,
            instruction.line,
            instruction.text,
            geometry.block_of(lane),
            geometry.thread_of(lane),
            message,
        )
