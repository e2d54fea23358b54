// RUN: fuse-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{pixels is there twice}}
func.func private @a_size_twice() attributes {trt.schedule = #trt.schedule<pixels = 1, pixels = 2>}

// -----

// expected-error@+1 {{pixels must be 1 or more, found 0}}
func.func private @no_pixel() attributes {trt.schedule = #trt.schedule<pixels = 0>}

// -----

// expected-error@+1 {{a schedule names at least one size}}
func.func private @no_size() attributes {trt.schedule = #trt.schedule<>}

// -----

// expected-error@+1 {{expected}}
func.func private @no_number() attributes {trt.schedule = #trt.schedule<pixels = true>}
