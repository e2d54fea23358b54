"""Runs PTX on numpy, with what a GPU does not say: races, bounds, and what it costs."""

from fusemlir.emulator.errors import EmulationError, PtxError
from fusemlir.emulator.global_memory import Buffer
from fusemlir.emulator.meter import BufferTraffic, Report
from fusemlir.emulator.module import Module, load

__all__ = [
    "Buffer",
    "BufferTraffic",
    "EmulationError",
    "Module",
    "PtxError",
    "Report",
    "load",
]
