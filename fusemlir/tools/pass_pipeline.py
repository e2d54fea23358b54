"""Pipelines as text: `builtin.module(fuse-conv-relu,canonicalize{top-down=false})`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from xdsl.passes import ModulePass

from fusemlir.tools.pass_options import PassCall, parse_options, print_pass
from fusemlir.tools.usage import UsageError

ANCHORS = ("builtin.module", "any", "func.func")
"""Ops that a pipeline may nest under; every pass here runs on the module anyway."""

TRT_FUSE = "trt-fuse"

_NAME = re.compile(r"\s*([A-Za-z_][\w.-]*)\s*")
_BRACED = re.compile(r'\{((?:"(?:[^"\\]|\\.)*"|[^"{}])*)\}\s*')


def parse_pipeline(text: str) -> list[PassCall]:
    """The passes of `text` in order, with or without anchors around them.

    Raises `UsageError` that shows where the text is wrong.
    """
    reader = _Reader(text)
    calls = reader.sequence()
    if reader.position < len(text):
        raise reader.error("expected ',' or the end")
    return calls


def print_pipeline(passes: Sequence[ModulePass]) -> str:
    """The text that `parse_pipeline` reads back as `passes`."""
    return f"builtin.module({','.join(print_pass(each) for each in passes)})"


def describe_stages(passes: Sequence[ModulePass]) -> Iterator[str]:
    """Comments: the stages of each `trt-fuse` among `passes`, in order, and why each
    stands where it does."""
    for each in passes:
        if each.name != TRT_FUSE:
            continue
        from fusemlir.transforms.trt_fuse import TrtFusePass

        assert isinstance(each, TrtFusePass)
        for repeated, run in groupby(each.stages(), lambda stage: stage[1]):
            until = "until nothing changes" if repeated else "once each"
            yield f"// {print_pass(each)}, {until}:"
            for stage, _ in run:
                yield f"//   {stage.name:<26}{stage.reason}"


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def sequence(self) -> list[PassCall]:
        """`pass, pass, …` up to what cannot follow one; empty before `)` or the end."""
        calls: list[PassCall] = []
        if self._at_end_of_sequence():
            return calls
        calls += self._element()
        while self._take(","):
            calls += self._element()
        return calls

    def error(self, wanted: str) -> UsageError:
        caret = " " * self.position + "^"
        return UsageError(f"pass pipeline: {wanted}\n  {self.text}\n  {caret}")

    def _element(self) -> list[PassCall]:
        start = self.position
        name = _NAME.match(self.text, start)
        if name is None:
            raise self.error("expected the name of a pass")
        self.position = name.end()
        if self._take("("):
            return self._nested(name[1], start)
        options = _BRACED.match(self.text, self.position)
        if options is None:
            return [PassCall(name[1], {})]
        self.position = options.end()
        return [PassCall(name[1], parse_options(options[1], of=name[1]))]

    def _nested(self, anchor: str, start: int) -> list[PassCall]:
        if anchor not in ANCHORS:
            self.position = start
            raise self.error(f"'{anchor}' cannot hold passes, only {_spelled(ANCHORS)}")
        calls = self.sequence()
        if not self._take(")"):
            raise self.error("expected ',' or ')'")
        return calls

    def _take(self, punctuation: str) -> bool:
        if not self.text.startswith(punctuation, self.position):
            return False
        self.position += len(punctuation)
        self._skip_space()
        return True

    def _skip_space(self) -> None:
        while self.text[self.position : self.position + 1].isspace():
            self.position += 1

    def _at_end_of_sequence(self) -> bool:
        self._skip_space()
        return self.text[self.position : self.position + 1] in ("", ")")


def _spelled(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}"
