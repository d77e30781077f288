"""Conditions as functions of a row, for those that are asked of every row that is made."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dbstate.values.solving.evaluation import Row, Unknown, evaluate
from dbstate.values.solving.terms import Call, Name, Term, Value

Function = Callable[[Row], Any]

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ALIKE = frozenset((int, Decimal, str, date))
"""Types of which two values compare in Python as they do in SQL."""


def compiled(term: Term) -> Function:
    """A function that is ``evaluate(term, row)``, faster where values are of plain and equal types."""
    if isinstance(term, Value):
        value = term.value
        return lambda row: value
    if isinstance(term, Name):
        return operator.itemgetter(term.column)
    if term.op in COMPARE:
        return _comparison(term, *term.args)
    if term.op in ("and", "or"):
        return _joined(term.args, term.op == "or")
    if term.op == "is_null":
        inner = compiled(term.args[0])
        return lambda row: inner(row) is None
    return lambda row: evaluate(term, row)


def _comparison(term: Call, left: Term, right: Term) -> Function:
    one, other, compare = compiled(left), compiled(right), COMPARE[term.op]

    def function(row: Row) -> Any:
        first = one(row)
        if first is None:
            return None
        second = other(row)
        kind = type(first)
        if kind is type(second) and (kind in ALIKE or (kind is datetime and first.tzinfo is second.tzinfo)):
            return compare(first, second)
        return evaluate(Call(term.op, (Value(first), Value(second))), row)

    return function


def _joined(args: tuple[Term, ...], decisive: bool) -> Function:
    """AND (decisive False) or OR (decisive True)."""
    parts = tuple(map(compiled, args))

    def function(row: Row) -> bool | None:
        unknown = null = False
        for part in parts:
            try:
                value: object = part(row)
            except Unknown:
                unknown = True
                continue
            if value is decisive:
                return decisive
            if value is None:
                null = True
            elif not isinstance(value, bool):
                unknown = True
        if unknown:
            raise Unknown
        return None if null else not decisive

    return function
