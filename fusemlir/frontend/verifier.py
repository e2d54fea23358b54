"""Checks a module and says, for every fault, where in the source it is.

xDSL's own `verify` neither points at the source nor notices a value that is used
above its definition, and it stops at the first fault.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from functools import cache
from itertools import islice

from xdsl.dialects.builtin import ModuleOp, UnregisteredOp
from xdsl.ir import Block, ErasedSSAValue, Operation, OpTrait, Region, SSAValue
from xdsl.traits import NoTerminator, SameOperandsAndResultType
from xdsl.utils.exceptions import VerifyException

from fusemlir.diagnostics import (
    Diagnostic,
    DiagnosticError,
    Severity,
    SourceLocation,
    lower_first,
)
from fusemlir.frontend.dominance import Misuse, misuses

MAX_ERRORS = 20
"""Faults reported at once; the rest of a badly broken module only repeats them."""

SCALAR_CODE = frozenset({"arith", "llvm", "math", "memref", "nvvm", "vector"})
"""Dialects of which a kernel is made. Whether one of their operations is sound depends
on its types, properties and attributes alone, if it has no region and ends no block."""


def verify_module(
    module: ModuleOp, value_names: Mapping[SSAValue, str] | None = None
) -> None:
    """Check `module`, its nested ops, and that each value is defined above its uses.

    `value_names` gives the names (without `%`) of values that carry no hint, as a
    parser knows them. Raises `DiagnosticError` with up to `MAX_ERRORS` errors, each at
    the location of the op at fault.
    """
    names = value_names or {}
    errors: list[Diagnostic] = []
    for misuse in islice(misuses(module), MAX_ERRORS):
        errors.append(_misuse_error(misuse, names))
    if not errors:
        _verify_nested_first(module, errors, set())
    if errors:
        raise DiagnosticError(*errors[:MAX_ERRORS])


def operation_name(op: Operation) -> str:
    """The name as written, also for an op of a dialect that is not registered."""
    return op.op_name.data if isinstance(op, UnregisteredOp) else op.name


def _verify_nested_first(
    op: Operation, errors: list[Diagnostic], found_sound: set[Hashable]
) -> bool:
    """Append the faults of `op` and below to `errors`; whether there were none.

    An op is looked at only once all inside it is sound: its verifier relies on that.
    Of scalar code, most of which is alike, one op is looked at for all of the same
    signature, which is much faster; sound ones are added to `found_sound`.
    """
    signature = _signature(op)
    if signature is not None and signature in found_sound:
        return True
    sound = True
    for region in op.regions:
        for block in region.blocks:
            for nested in block.ops:
                sound &= _verify_nested_first(nested, errors, found_sound)
            if _lacks_terminator(op, region, block):
                errors.append(_error(op, "has an empty block that needs a terminator"))
                sound = False
    if not sound or len(errors) >= MAX_ERRORS:
        return False
    try:
        op.verify(verify_nested_ops=False)
    except VerifyException as fault:
        errors.append(_error(op, lower_first(str(fault))))
        return False
    found_sound.add(signature)
    return True


def _signature(op: Operation) -> Hashable | None:
    """All that the verifier of `op` looks at; None where that may be more."""
    if op.next_op is None or op.regions or not _is_scalar_code(type(op)):
        return None
    types = tuple(op.operand_types), tuple(op.result_types)
    return type(op), *types, (*op.properties.items(),), (*op.attributes.items(),)


@cache
def _is_scalar_code(kind: type[Operation]) -> bool:
    return kind.dialect_name() in SCALAR_CODE and all(
        isinstance(trait, SameOperandsAndResultType)
        or type(trait).verify is OpTrait.verify
        for trait in kind.traits
    )


def _lacks_terminator(op: Operation, region: Region, block: Block) -> bool:
    return block.is_empty and len(region.blocks) == 1 and not op.has_trait(NoTerminator)


def _error(op: Operation, fault: str) -> Diagnostic:
    name = operation_name(op)
    message = fault if fault.startswith(f"'{name}'") else f"'{name}' op {fault}"
    return Diagnostic(Severity.ERROR, SourceLocation.of(op.location), message)


def _misuse_error(misuse: Misuse, names: Mapping[SSAValue, str]) -> Diagnostic:
    value = misuse.op.operands[misuse.operand]
    op_name = operation_name(misuse.op)
    hint = names.get(value) or value.name_hint
    shown = f"'%{hint}'" if hint else f"operand #{misuse.operand}"
    place = SourceLocation.of(misuse.op.location)
    if isinstance(value, ErasedSSAValue):
        message = f"'{op_name}' op uses {shown}, which was erased"
        return Diagnostic(Severity.ERROR, place, message)
    message = f"'{op_name}' op uses {shown}, {misuse.reason}"
    return Diagnostic(
        Severity.ERROR, place, message, notes=tuple(_definition_note(value))
    )


def _definition_note(value: SSAValue) -> Iterator[Diagnostic]:
    owner = value.owner
    if isinstance(owner, Block):
        return
    place = SourceLocation.of(owner.location)
    if place.is_known:
        yield Diagnostic(Severity.NOTE, place, "it is defined here")
