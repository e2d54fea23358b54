"""Bodies that one kernel computes, and bodies that look alike."""

from __future__ import annotations

import numpy as np
import pytest
from lit_files import parse

import fusemlir

GROUP = """
  %NAME = trt.fused "dequantize_conv_quantize" (%q, %s, %w, %ZERO)
      layers ["dqNAME", "dwNAME", "cNAME", "qNAME"]
      : (tensor<1x2x3x3xi8>, tensor<f32>, tensor<2x2x1x1xi8>, tensor<i8>)
      -> tensor<1x2x3x3xi8> {
  ^bb0(%q0: tensor<1x2x3x3xi8>, %s0: tensor<f32>, %w0: tensor<2x2x1x1xi8>,
       %z0: tensor<i8>):
    %x = trt.dequantize %q0, %s0 layers ["dqNAME"]
        : (tensor<1x2x3x3xi8>, tensor<f32>) -> tensor<1x2x3x3xf32>
    %k = trt.dequantize %w0, %s0 layers ["dwNAME"]
        : (tensor<2x2x1x1xi8>, tensor<f32>) -> tensor<2x2x1x1xf32>
    %c = trt.convolution %x, %k layers ["cNAME"]
        : (tensor<1x2x3x3xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x3x3xf32>
    %r = trt.quantize %c, %s0, %z0 layers ["qNAME"]
        : (tensor<1x2x3x3xf32>, tensor<f32>, tensor<i8>) -> tensor<1x2x3x3xi8>
    trt.yield %r : tensor<1x2x3x3xi8>
  }
"""

TWO_GROUPS = f"""
func.func @main(%q: tensor<1x2x3x3xi8>, %w: tensor<2x2x1x1xi8>)
    -> (tensor<1x2x3x3xi8>, tensor<1x2x3x3xi8>) {{
  %s = trt.constant dense<0.5> : tensor<f32>
  %none = trt.constant dense<0> : tensor<i8>
  %three = trt.constant dense<3> : tensor<i8>
  {GROUP.replace("NAME", "a").replace("ZERO", "none")}
  {GROUP.replace("NAME", "b").replace("ZERO", "three")}
  func.return %a, %b : tensor<1x2x3x3xi8>, tensor<1x2x3x3xi8>
}}
"""


@pytest.mark.parametrize("device", ["host", "emu"])
def test_zero_points_outside_of_equal_groups_tell_them_apart(device: str):
    rng = np.random.default_rng(0)
    levels = rng.integers(-5, 5, (1, 2, 3, 3), np.int8)
    kernel = rng.integers(-5, 5, (2, 2, 1, 1), np.int8)
    sums = np.einsum("oc,nchw->nohw", kernel[:, :, 0, 0].astype(int), levels)
    engine = fusemlir.compile(parse(TWO_GROUPS), device=device, fuse="none")
    plain, shifted = engine.run([levels, kernel])
    np.testing.assert_array_equal(plain, np.round(sums / 2))
    np.testing.assert_array_equal(shifted, np.round(sums / 2) + 3)
