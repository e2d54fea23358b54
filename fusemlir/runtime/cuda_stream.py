"""Streams, and graphs: launches that were recorded once and start as one."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from fusemlir.runtime.cuda_driver import CudaError, Driver


class CudaStream:
    """Work on the device, in order; the default stream is waited for, as is this."""

    def __init__(self, driver: Driver):
        self.driver = driver
        self.handle = driver.call("making a stream", "cuStreamCreate", 0)
        self._graphs: list[CudaGraph] = []

    def destroy(self) -> None:
        """The stream and what was recorded on it."""
        for graph in self._graphs:
            graph.destroy()
        self.driver.call("ending a stream", "cuStreamDestroy", self.handle)

    def synchronize(self, doing: str = "waiting for kernels") -> None:
        """Wait for all work so far; here a fault inside a kernel shows."""
        self.driver.call(doing, "cuStreamSynchronize", self.handle)

    @contextmanager
    def recorded(self) -> Generator[CudaGraph]:
        """What is put on the stream inside the `with` block becomes the graph."""
        doing = "recording a CUDA graph"
        modes = self.driver.functions.CUstreamCaptureMode
        mode = modes.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
        self.driver.call(doing, "cuStreamBeginCapture", self.handle, mode)
        graph = CudaGraph(self.driver)
        try:
            yield graph
        except CudaError:
            # The error tells more than that the graph is not whole.
            self.driver.functions.cuStreamEndCapture(self.handle)
            raise
        graph.handle = self.driver.call(doing, "cuStreamEndCapture", self.handle)
        self._graphs.append(graph)
        graph.executable = self.driver.call(
            doing, "cuGraphInstantiate", graph.handle, 0
        )


class CudaGraph:
    """Launches and copies with their arguments; one call starts them all."""

    def __init__(self, driver: Driver):
        self.driver = driver
        self.handle: Any = None
        self.executable: Any = None

    def launch(self, stream: CudaStream) -> None:
        """Start all of it; does not wait."""
        doing = "starting a CUDA graph"
        self.driver.call(doing, "cuGraphLaunch", self.executable, stream.handle)

    def destroy(self) -> None:
        doing = "ending a CUDA graph"
        if self.executable is not None:
            self.driver.call(doing, "cuGraphExecDestroy", self.executable)
        self.driver.call(doing, "cuGraphDestroy", self.handle)
