"""DLPack capsules against numpy, which makes and takes them by its own code."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

from fusemlir.runtime import dlpack


class Owner:
    """Something that a weak reference can be made of."""


class Given:
    """What `numpy.from_dlpack` reads."""

    def __init__(self, array: Any, owner: object):
        self.shared = dlpack.Shared(
            array.ctypes.data, array.shape, array.dtype, (dlpack.CPU, 0), None
        )
        self.owner = owner

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.shared.device

    def __dlpack__(self, **_: Any) -> Any:
        return dlpack.give(self.shared, self.owner)


DTYPES = [np.float32, np.float16, np.int8, np.uint8, np.int32, np.int64, np.bool_]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (4,), (), (0, 3)])
def test_numpy_takes_what_is_given(dtype: Any, shape: tuple[int, ...]):
    array = np.asarray(np.arange(np.prod(shape)).reshape(shape) % 2, dtype)
    found = np.from_dlpack(Given(array, array))
    assert (found.shape, found.dtype) == (array.shape, array.dtype)
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_numpy_gives_is_taken(dtype: Any):
    array = np.ones((2, 3), dtype)
    owner = Owner()
    shared = dlpack.take(array.T.__dlpack__(), owner)
    assert (shared.address, shared.shape) == (array.ctypes.data, (3, 2))
    assert (shared.dtype, shared.strides) == (array.dtype, (1, 3))
    assert shared.device == (dlpack.CPU, 0)


def test_what_is_given_lives_as_long_as_it_is_used():
    array, owner = np.ones(3, np.float32), Owner()
    ghost = weakref.ref(owner)
    found = np.from_dlpack(Given(array, owner))
    del owner
    gc.collect()
    assert ghost() is not None
    del found
    gc.collect()
    assert ghost() is None


def test_a_capsule_that_nobody_takes_holds_nothing_after_its_end():
    array, owner = np.ones(3, np.float32), Owner()
    ghost = weakref.ref(owner)
    capsule = Given(array, owner).__dlpack__()
    del owner
    assert ghost() is not None
    del capsule
    gc.collect()
    assert ghost() is None


def test_what_is_taken_is_given_back_with_its_owner():
    array, holder, owner = np.ones(3, np.float32), Owner(), Owner()
    ghost = weakref.ref(holder)
    dlpack.take(Given(array, holder).__dlpack__(), owner)
    del holder
    gc.collect()
    assert ghost() is not None
    del owner
    gc.collect()
    assert ghost() is None


def test_a_capsule_is_taken_once():
    capsule = np.ones(3, np.float32).__dlpack__()
    dlpack.take(capsule, owner := Owner())
    with pytest.raises(ValueError, match="nobody took yet"):
        dlpack.take(capsule, owner)


def test_elements_without_a_numpy_type_are_refused():
    capsule = np.ones(3, np.complex64).__dlpack__()
    with pytest.raises(TypeError, match="no numpy type for DLPack code 5 of 64 bits"):
        dlpack.take(capsule, Owner())
