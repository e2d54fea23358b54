"""The decisions of the fusions as lines of a builder's log.

Each rule goes by the name that TensorRT's own logs give the pass, and the lines have
the shapes that programs which read those logs look for: `<pass>: Fusing a with b`,
`Removing a`, `After <stage>: 5 layers`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from fusemlir.logger import CURRENT, ILogger, Severity, log
from fusemlir.remarks import Remark, RemarkKind, listen

BUILDER_NAMES = {
    "trt-canonicalize": "LayerCanonicalization",
    "fold-constants": "ConstantFolding",
    "erase-dead-layers": "DeadLayerRemoval",
    "merge-duplicate-layers": "DupeLayerRemoval",
    "fuse-shuffle-shuffle": "ShuffleShuffleFusion",
    "erase-scale": "ScaleErasure",
    "fuse-gelu": "GeluFusion",
    "fuse-layer-norm": "LayerNormFusion",
    "fuse-attention": "AttentionFusion",
    "fuse-l1-norm": "L1NormFusion",
    "fuse-sum-of-squares": "SumOfSquaresFusion",
    "fuse-l2-norm": "L2NormFusion",
    "fuse-log-sum": "LogSumFusion",
    "fuse-log-sum-exp": "LogSumExpFusion",
    "fuse-pad-conv": "PadConvFusion",
    "fuse-conv-scale": "ConvScaleFusion",
    "reduce-to-pooling": "ReduceToPooling",
    "fuse-relu-relu": "ReluReluFusion",
    "fuse-conv-elementwise": "ConvEltwiseSumFusion",
    "fuse-conv-relu": "ConvReluFusion",
    "fuse-conv-clip": "ConvClipFusion",
    "fuse-conv-gelu": "ConvGeluFusion",
    "fuse-matmul-bias": "MatMulBiasFusion",
    "fuse-matmul-activation": "MatMulActivationFusion",
    "fuse-softmax-log": "SoftMaxLogFusion",
    "fuse-softmax-topk": "SoftMaxTopKFusion",
    "fuse-scale-activation": "ScaleActivationFusion",
    "fuse-shuffle-reduce": "ShuffleReduceFusion",
    "fuse-pointwise": "PointWiseFusion",
    "fuse-conv-activation": "GenericConvActFusion",
    "fuse-conv-pooling": "ConvActPoolFusion",
    "fuse-depthwise-separable": "DepthwiseSeparableFusion",
    "fuse-qdq-weights": "ConstWeightsQuantizeFusion",
    "fuse-qdq-forward": "VanillaSwapWithPrecedingDQ",
    "fuse-qdq-backward": "VanillaSwapWithFollowingQ",
    "fuse-qdq-merge": "HorizontalMergeQNodes",
    "fuse-qdq-conv": "QuantizeDoubleInputNodes",
    "fuse-qdq-conv-scale": "QConvScaleFusion",
    "fuse-qdq-matmul": "QuantizeMatMulFusion",
    "fuse-qdq-pointwise": "QuantizePointWiseFusion",
    "fuse-qdq-pooling": "QuantizePoolingFusion",
    "fuse-qdq-pair": "QDQPairErasure",
    "fold-dequantize": "DequantizeFolding",
}
"""By pass; ours, in the same style, where no log of TensorRT shows a name."""

_FOLDED_WEIGHTS = "fuse-conv-scale"


@contextmanager
def logging_to(logger: ILogger | None) -> Generator[None]:
    """Tell `logger` what is decided inside the block.

    What it raises passes through whatever was going on.
    """
    if logger is None:
        yield
        return
    token = CURRENT.set(logger)
    try:
        with listen(_log_decision):
            yield
    finally:
        CURRENT.reset(token)


def log_layers(when: str, count: Callable[[], int]) -> None:
    """Log how many layers there are, `After scale fusion: 5 layers`; they are counted
    only where somebody listens."""
    if CURRENT.get() is not None:
        log(Severity.INFO, f"{when}: {count()} layers")


def _log_decision(remark: Remark) -> None:
    for severity, line in decision_lines(remark):
        log(severity, line)


def decision_lines(remark: Remark) -> Iterator[tuple[Severity, str]]:
    """What a log says of `remark`: what was done at INFO, what was not at VERBOSE."""
    builder_name = BUILDER_NAMES.get(remark.rule, remark.rule)
    match remark.kind:
        case RemarkKind.PASSED:
            site = (remark.parts or remark.layers)[0]
            yield Severity.VERBOSE, f"Running: {builder_name} on {site}"
            for line in _passed(remark, builder_name):
                yield Severity.INFO, line
        case RemarkKind.MISSED:
            site = ", ".join(remark.layers)
            hint = f"; to have it: {remark.suggestion}" if remark.suggestion else ""
            line = f"{builder_name}: Refused at {site}: {remark.reason}{hint}"
            yield Severity.VERBOSE, line
        case RemarkKind.ANALYSIS:
            yield Severity.INFO, f"{builder_name}: {remark.reason}"


def _passed(remark: Remark, builder_name: str) -> Iterator[str]:
    first, rest = "", ""
    if remark.parts:
        first, rest = remark.parts[0], " + ".join(remark.parts[1:])
    if rest and remark.rule == _FOLDED_WEIGHTS:
        yield f"Fusing convolution weights from {first} with scale {rest}"
    elif rest:
        yield f"{builder_name}: Fusing {first} with {rest}"
    elif first and remark.name:
        yield f"{builder_name}: {first} {remark.reason}"
    if not remark.name:
        # Of several only the last is sure to go: those before may have other users.
        yield f"Removing {' + '.join(remark.parts[-1:] or remark.layers)}"
