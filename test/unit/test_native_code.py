"""Machine code for the CPU at hand: compiled, loaded, and kept in files."""

from __future__ import annotations

import ctypes
import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fusemlir.codegen.native import NativeLibrary, emit_object, host_cpu
from fusemlir.codegen.object_cache import FOLDER_VARIABLE, ObjectCache, default_folder
from fusemlir.codegen.ptx import CodegenError
from fusemlir.codegen.thread_team import TEAM

DOUBLE = """
declare void @seen()
define void @double(ptr %x, i64 %count) {
entry:
  br label %turn
turn:
  %i = phi i64 [0, %entry], [%next, %turn]
  %place = getelementptr float, ptr %x, i64 %i
  %value = load float, ptr %place
  %twice = fadd float %value, %value
  store float %twice, ptr %place
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %turn, label %end
end:
  call void @seen()
  ret void
}
"""


WAITING = """
declare void @wait_for_all(ptr, i64)
define void @program(ptr %team, i64 %threads) {
"""


def test_code_is_compiled_and_calls_what_it_is_given():
    calls: list[int] = []
    seen = ctypes.CFUNCTYPE(None)(lambda: calls.append(1))
    address = ctypes.cast(seen, ctypes.c_void_p).value
    assert address is not None
    image = emit_object([DOUBLE], host_cpu())
    library = NativeLibrary([image], ["double"], {"seen": address})
    double = library.function("double", ctypes.c_void_p, ctypes.c_int64)
    x = np.arange(37, dtype=np.float32)
    double(x.ctypes.data, x.size)
    np.testing.assert_array_equal(x, 2 * np.arange(37))
    assert calls == [1]


def test_a_program_grows_by_one_call_for_each_time_its_threads_wait():
    def size(waits: int) -> int:
        calls = "  call void @wait_for_all(ptr %team, i64 %threads)\n" * waits
        return len(emit_object([f"{WAITING}{calls}  ret void\n}}\n", TEAM], host_cpu()))

    # Of its code, and of where it is called: LLVM takes very long for more.
    assert size(60) - size(10) < 50 * 50


def test_what_llvm_cannot_read_is_an_error_with_its_message():
    with pytest.raises(CodegenError, match="expected top-level entity"):
        emit_object(["no IR at all"], host_cpu())


@pytest.mark.parametrize(
    ("functions", "symbols"), [(["other"], {"seen": 1}), (["double"], {})]
)
def test_a_missing_symbol_is_an_error(functions: list[str], symbols: dict[str, int]):
    image = emit_object([DOUBLE], host_cpu())
    with pytest.raises(CodegenError, match="cannot load the code"):
        NativeLibrary([image], functions, symbols)


@pytest.fixture
def cache(tmp_path: Path) -> ObjectCache:
    return ObjectCache(tmp_path / "new" / "folder")


def test_an_entry_is_found_again_for_the_same_text_and_cpu(cache: ObjectCache):
    cpu = host_cpu()
    assert cache.load(DOUBLE, cpu) is None
    cache.store(DOUBLE, cpu, [b"some\ncode", b"", b"more"])
    assert cache.load(DOUBLE, cpu) == (b"some\ncode", b"", b"more")
    assert cache.load(DOUBLE + " ", cpu) is None
    assert cache.load(DOUBLE, replace(cpu, name="another")) is None


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "foreign", "list"])
def test_an_entry_that_is_not_whole_is_ignored_with_a_warning(
    cache: ObjectCache, damage: str, caplog: pytest.LogCaptureFixture
):
    cpu = host_cpu()
    cache.store(DOUBLE, cpu, [b"some code"])
    (place,) = cache.folder.iterdir()
    data = place.read_bytes()
    head, image = data.split(b"\n", 1)
    foreign = json.dumps({**json.loads(head), "cpu": "another"}).encode()
    place.write_bytes(
        {
            "cut": data[:-1],
            "changed": head + b"\nsome c0de",
            "empty": b"",
            "foreign": foreign + b"\n" + image,
            "list": b"[]\n" + image,
        }[damage]
    )
    with caplog.at_level(logging.WARNING):
        assert cache.load(DOUBLE, cpu) is None
    assert f"compiled code in {place} is ignored: it is" in caplog.text


def test_a_folder_that_cannot_be_written_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    ObjectCache(in_the_way / "folder").store(DOUBLE, host_cpu(), [b"code"])
    assert "cannot keep compiled code" in caplog.text


def test_the_environment_says_where_the_cache_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FUSEMLIR_CACHE", "/some/where")
    assert default_folder() == Path("/some/where")
    monkeypatch.setenv("FUSEMLIR_CACHE", "")
    assert default_folder() is None
    monkeypatch.delenv("FUSEMLIR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert default_folder() == Path("/caches/fusemlir")
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert default_folder() == Path("/home/me/.cache/fusemlir")
    monkeypatch.setenv(FOLDER_VARIABLE, "~/code")
    assert default_folder() == Path("/home/me/code")

    def without_name(user: int) -> None:
        raise KeyError(user)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", without_name)
    assert default_folder() is None
