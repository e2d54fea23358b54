"""What can go wrong: PTX that is not understood, and faults while it runs."""

from __future__ import annotations

Coordinates = tuple[int, int, int]


class PtxError(ValueError):
    """PTX that cannot be read, or that says what the emulator does not know."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"PTX line {line}: {message}")
        self.line = line
        self.message = message


class EmulationError(RuntimeError):
    """A fault of a kernel while it ran: which instruction, block and thread."""

    def __init__(
        self,
        kernel: str,
        line: int,
        text: str,
        block: Coordinates,
        thread: Coordinates,
        message: str,
    ) -> None:
        super().__init__(
            f"kernel '{kernel}', PTX line {line} '{text}', "
            f"block {block}, thread {thread}: {message}"
        )
        self.kernel = kernel
        self.line = line
        self.text = text
        self.block = block
        self.thread = thread
        self.message = message


class Fault(Exception):
    """A fault of one lane, before it is known which instruction it is of."""

    def __init__(self, lane: int, message: str) -> None:
        super().__init__(message)
        self.lane = lane
        self.message = message
