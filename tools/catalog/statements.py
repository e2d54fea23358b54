"""What TensorRT's layer fusion catalog says, statement by statement, and what holds it.

The statements are told in our words. A holder is a rule, whose fused cases show it; a
rule and a constraint, `fuse-conv-relu/relu`, whose refused cases show it; or a test.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    entry: str
    """The catalog's heading."""
    says: str
    held_by: tuple[str, ...]


KEEPS_MEANING = "test/unit/test_fusions_keep_meaning.py"

STATEMENTS = (
    Statement(
        "Layer fusion",
        "A fusion makes the network simpler and keeps what it computes.",
        (KEEPS_MEANING, "test/unit/test_mutations.py"),
    ),
    Statement(
        "Layer fusion",
        "Layers are fused where an implementation supports what they do together.",
        ("fuse-conv-relu/epilogue", "fuse-conv-elementwise/epilogue"),
    ),
    Statement(
        "Layer fusion",
        "Decisions are logged at the level INFO.",
        ("test/unit/test_logger.py",),
    ),
    Statement(
        "Layer fusion",
        "The new layer's name holds the names of both: `ip1 + relu1`.",
        ("fuse-matmul-activation",),
    ),
    Statement(
        "ReLU activation",
        "A ReLU that follows a ReLU is replaced by one; both must be ReLU.",
        ("fuse-relu-relu", "fuse-relu-relu/both-relu"),
    ),
    Statement(
        "Convolution and ReLU",
        "The convolution is of any type, its values are free.",
        ("fuse-conv-relu",),
    ),
    Statement(
        "Convolution and ReLU",
        "The activation is ReLU.",
        ("fuse-conv-relu/relu",),
    ),
    Statement(
        "Convolution and GELU",
        "In and out have one precision, FP16 or INT8.",
        ("fuse-conv-gelu", "fuse-conv-gelu/element-type"),
    ),
    Statement(
        "Convolution and GELU",
        "The activation is GELU.",
        ("fuse-conv-gelu/gelu",),
    ),
    Statement(
        "Convolution and GELU",
        "The device is Turing or newer.",
        ("fuse-conv-gelu/target",),
    ),
    Statement(
        "Convolution and Clip",
        "The convolution is of any type, its values are free.",
        ("fuse-conv-clip",),
    ),
    Statement(
        "Convolution and Clip",
        "The activation is Clip.",
        ("fuse-conv-clip/clip",),
    ),
    Statement(
        "Scale and Activation",
        "A scale and the activation after it become one activation.",
        ("fuse-scale-activation",),
    ),
    Statement(
        "Convolution and ElementWise",
        "A sum, minimum or maximum after a convolution joins it.",
        ("fuse-conv-elementwise", "fuse-conv-elementwise/operation"),
    ),
    Statement(
        "Convolution and ElementWise",
        "The sum broadcasts across the batch or not at all.",
        ("fuse-conv-elementwise/broadcast",),
    ),
    Statement(
        "Padding and Convolution/Deconvolution",
        "Padding before a convolution or deconvolution goes into it.",
        ("fuse-pad-conv",),
    ),
    Statement(
        "Padding and Convolution/Deconvolution",
        "No padding size is negative.",
        ("fuse-pad-conv/non-negative",),
    ),
    Statement(
        "Shuffle and Reduce",
        "A shuffle that permutes and does not reshape joins the reduction after it.",
        ("fuse-shuffle-reduce", "fuse-shuffle-reduce/no-reshape"),
    ),
    Statement(
        "Shuffle and Reduce",
        "The reduction keeps its dimensions.",
        ("fuse-shuffle-reduce/keep-dimensions",),
    ),
    Statement(
        "Shuffle and Shuffle",
        "Two shuffles, each transpose, reshape, transpose, become one or none.",
        ("fuse-shuffle-shuffle",),
    ),
    Statement(
        "Shuffle and Shuffle",
        "Where both reshape, the transposes between the reshapes cancel.",
        ("fuse-shuffle-shuffle/inverse-transposes",),
    ),
    Statement(
        "Scale",
        "A scale that adds 0, multiplies by 1 and raises to the power 1 is erased.",
        ("erase-scale", "erase-scale/shift", "erase-scale/scale", "erase-scale/power"),
    ),
    Statement(
        "Convolution and Scale",
        "A uniform or channel-wise scale goes into the convolution's weights.",
        ("fuse-conv-scale", "fuse-conv-scale/mode"),
    ),
    Statement(
        "Convolution and Scale",
        "Not where the scale has a power that is no constant.",
        ("fuse-conv-scale/power",),
    ),
    Statement(
        "Convolution and generic activation",
        "After pointwise fusion, a pointwise group with one input and one output joins "
        "the convolution before it.",
        ("fuse-conv-activation",),
    ),
    Statement(
        "Reduce",
        "An average over H and W that keeps its dimensions becomes a pooling.",
        (
            "reduce-to-pooling",
            "reduce-to-pooling/average",
            "reduce-to-pooling/keep-dimensions",
            "reduce-to-pooling/spatial-axes",
        ),
    ),
    Statement(
        "Convolution and Pooling",
        "A pooling joins a convolution of the same precision.",
        ("fuse-conv-pooling",),
    ),
    Statement(
        "Convolution and Pooling",
        "The convolution may have taken an activation before.",
        ("fuse-conv-pooling",),
    ),
    Statement(
        "Depthwise separable convolution",
        "A depthwise convolution with activation and a convolution with activation "
        "become one layer, sometimes.",
        (
            "fuse-depthwise-separable",
            "fuse-depthwise-separable/depthwise",
            "fuse-depthwise-separable/activation",
        ),
    ),
    Statement(
        "Depthwise separable convolution",
        "Both are INT8.",
        ("fuse-depthwise-separable/int8",),
    ),
    Statement(
        "Depthwise separable convolution",
        "The compute capability is 7.2 or later.",
        ("fuse-depthwise-separable/target",),
    ),
    Statement(
        "SoftMax and Log",
        "A logarithm joins a softmax that has taken none before.",
        ("fuse-softmax-log", "fuse-softmax-log/bare-softmax"),
    ),
    Statement(
        "SoftMax and TopK",
        "A top-k joins a softmax, with a logarithm in between or not.",
        ("fuse-softmax-topk",),
    ),
    Statement(
        "GELU",
        "Unary and element-wise layers that spell x/2 (1 + tanh(√(2/π) (x + 0.044715 "
        "x³))) become one GELU. (The catalog prints 2/π, which is another function.)",
        ("fuse-gelu", "fuse-gelu/slope", "fuse-gelu/cube", "fuse-gelu/half"),
    ),
    Statement(
        "GELU",
        "Or x/2 (1 + erf(x/√2)).",
        ("fuse-gelu", "test/unit/test_gelu.py"),
    ),
    Statement(
        "L1Norm",
        "ABS, then a reduction SUM.",
        ("fuse-l1-norm", "fuse-l1-norm/sum"),
    ),
    Statement(
        "Sum of squares",
        "A product of one input with itself, then a reduction SUM.",
        (
            "fuse-sum-of-squares",
            "fuse-sum-of-squares/product",
            "fuse-sum-of-squares/same-input",
            "fuse-sum-of-squares/sum",
        ),
    ),
    Statement(
        "L2Norm",
        "A sum of squares, then SQRT.",
        ("fuse-l2-norm", "fuse-l2-norm/sum-of-squares"),
    ),
    Statement(
        "LogSum",
        "A reduction SUM, then LOG.",
        ("fuse-log-sum", "fuse-log-sum/sum"),
    ),
    Statement(
        "LogSumExp",
        "EXP, then a LogSum.",
        ("fuse-log-sum-exp", "fuse-log-sum-exp/exp"),
    ),
    Statement(
        "Pointwise fusion",
        "Adjacent pointwise layers become one: activations, element-wise and unary "
        "layers of every kind, pointwise layers, constants of one element.",
        ("fuse-pointwise",),
    ),
    Statement(
        "Pointwise fusion",
        "Of scales only the uniform ones.",
        ("fuse-pointwise/uniform-scale",),
    ),
    Statement(
        "Pointwise fusion",
        "The size of the new layer is limited.",
        ("fuse-pointwise/max-ops", "fuse-pointwise/max-inputs"),
    ),
    Statement(
        "Pointwise fusion",
        "Its name holds those of both: `fusedPointwiseNode(add1, relu1)`.",
        ("fuse-pointwise",),
    ),
    Statement(
        "Q/DQ fusion",
        "The catalog refers to explicit quantization: weights are quantised at build "
        "time, quantisations move where they commute, and what stands between "
        "dequantisations and a quantisation is one INT8 layer.",
        (
            "fuse-qdq-weights",
            "fuse-qdq-merge",
            "fuse-qdq-forward",
            "fuse-qdq-backward",
            "fuse-qdq-pair",
            "fuse-qdq-conv-scale",
            "fuse-qdq-conv",
            "fuse-qdq-matmul",
            "fuse-qdq-pointwise",
            "fuse-qdq-pooling",
        ),
    ),
)
