"""What the CHECKs of one column alone leave of its values: known before any row is made.

Only comparisons with constants are read. What these say is piecewise constant, so that one value
out of each piece tells about all of it; everything else is left to the judge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from dbstate.catalog import Column, Table
from dbstate.rows.uniques import referring_columns
from dbstate.values.facts import text_offence
from dbstate.values.families.matching import free_texts
from dbstate.values.solving.evaluation import Unknown, truth
from dbstate.values.solving.terms import Call, Name, Term, Value, conjuncts, constants, read

MOST = 200
"""Constants of a CHECK, at most, for it to be read here."""

TURNS = 4
"""Texts of a pattern that are looked at, for each length."""

_JOINS = frozenset({"and", "or", "not"})
_EQUALITIES = frozenset({"=", "<>", "in_array"})
_ORDERINGS = frozenset({"<", "<=", ">", ">="})
_OTHER = "\ue000 another"
"""A text that no CHECK names."""

Piece = tuple[Any, Any]
"""Least and greatest value of a piece of the numbers; None: no bound."""


def narrowed(table: Table) -> Table:
    """The table with the limits of its columns as tight as the CHECKs that read one column alone."""
    referring = referring_columns(table)
    by_column: dict[str, list[Term]] = {}
    names = tuple(column.name for column in table.columns)
    for check in table.checks:
        if len(check.columns) == 1 and check.columns[0] not in referring:
            by_column.setdefault(check.columns[0], []).append(read(check.expression, names))
    if not by_column:
        return table
    return replace(
        table,
        columns=tuple(
            _narrowed(column, by_column[column.name]) if column.name in by_column else column
            for column in table.columns
        ),
    )


def _narrowed(column: Column, terms: Sequence[Term]) -> Column:
    if column.generated is not None or column.auto:
        return column
    if column.kind == "text":
        column = _shaped(column, terms)
    orderings = _ORDERINGS if column.kind in ("integer", "decimal") else frozenset()
    plain = [term for term in terms if _is_plain(term, column.name, _EQUALITIES | orderings)]
    found = [constant for term in plain for constant in constants(term)]
    if not found or len(found) > MOST:
        return column
    if column.choices:
        return replace(column, choices=_admitted(plain, column, column.choices) or column.choices)
    if column.samples:
        return replace(column, samples=_admitted(plain, column, column.samples) or column.samples)
    if column.kind == "text":
        return _narrowed_text(column, plain, [one for one in found if isinstance(one, str)])
    if column.kind in ("integer", "decimal"):
        return _narrowed_number(column, plain, [one for one in found if _is_number(one)])
    return column


def _is_plain(term: Term, name: str, comparisons: Collection[str]) -> bool:
    """Whether the term is made of comparisons of the column itself with constants."""
    if not isinstance(term, Call):
        return False
    if term.op in _JOINS:
        return all(_is_plain(part, name, comparisons) for part in term.args)
    if term.op == "is_null":
        return term.args == (Name(name),)
    if term.op not in comparisons:
        return False
    return sorted(isinstance(part, Value) for part in term.args) == [False, True] and Name(name) in term.args


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _holds(terms: Iterable[Term], column: Column, value: object) -> bool:
    """Whether all CHECKs let the value pass, as far as can be told."""
    try:
        return all(truth(term, {column.name: value}) is not False for term in terms)
    except Unknown:
        return True


def _admitted(terms: Sequence[Term], column: Column, values: Iterable[object]) -> tuple[object, ...]:
    return tuple(value for value in values if _holds(terms, column, value))


def _shaped(column: Column, terms: Sequence[Term]) -> Column:
    """The text column with the patterns and lengths that CHECKs ask for."""
    parts = [part for term in terms for part in conjuncts(term) if isinstance(part, Call)]
    patterns = dict.fromkeys(column.patterns)
    least, greatest = [column.min_length], [column.max_length]
    for part in parts:
        subject, value = part.args[0], part.args[-1].value if isinstance(part.args[-1], Value) else None
        if part.op == "matches" and isinstance(value, str) and _is_text_of(subject, column.name):
            patterns[value] = None
        elif isinstance(value, int) and subject == Call("length", (Name(column.name),)):
            least.append({">=": value, ">": value + 1, "=": value}.get(part.op))
            greatest.append({"<=": value, "<": value - 1, "=": value}.get(part.op))
    if column.blank and not column.null and not _holds(terms, column, ""):
        column = replace(column, blank=False)
    column = replace(
        column,
        min_length=max((length for length in least if length is not None), default=None),
        max_length=min((length for length in greatest if length is not None), default=None),
    )
    shaped = replace(column, patterns=tuple(patterns))
    return shaped if _can_be_made(shaped) else column


def _can_be_made(column: Column) -> bool:
    """Whether some text of one pattern keeps all that the column asks for: else the search is for it."""
    texts = (
        text for pattern in column.patterns for turn in range(TURNS) for text in free_texts(pattern, turn)
    )
    return any(not text_offence(column, text) for text in texts)


def _is_text_of(term: Term, name: str) -> bool:
    """Whether the term is the column, cast to text or not."""
    if isinstance(term, Call) and term.op == "cast":
        return term.args == (Name(name), Value("text"))
    return term == Name(name)


def _narrowed_text(column: Column, terms: Sequence[Term], found: Sequence[str]) -> Column:
    if _holds(terms, column, _OTHER):
        return column
    longest = column.max_length
    fitting = [one for one in dict.fromkeys(found) if one and (longest is None or len(one) <= longest)]
    return replace(column, samples=_admitted(terms, column, fitting))


def _narrowed_number(column: Column, terms: Sequence[Term], found: Sequence[Any]) -> Column:
    if column.kind == "decimal" and column.decimal_places is None:
        return column
    step: Any = 1 if column.kind == "integer" else Decimal(1).scaleb(-(column.decimal_places or 0))
    whole = type(step)
    points = sorted({whole(one // step * step) for one in found if one // step * step == one})
    if not points:  # numbers in quotes, as SQLite has those of decimals
        return column
    pieces = [piece for piece in _pieces(points, step) if _holds(terms, column, _inside(piece))]
    pieces = [piece for one in pieces if (piece := _within(column, one)) is not None]
    if not pieces or len(points) < len({*found}):
        return column
    if len(pieces) > 1 and all(least == greatest for least, greatest in pieces):
        return replace(column, samples=tuple(least for least, _ in pieces))
    return replace(column, least=pieces[0][0], greatest=pieces[-1][1])


def _pieces(points: Sequence[Any], step: Any) -> list[Piece]:
    """The points, and what lies before, between and behind them; in rising order."""
    gaps = [(None, points[0] - step), *((a + step, b - step) for a, b in pairwise(points))]
    gaps.append((points[-1] + step, None))
    pieces = [piece for gap, point in zip(gaps, points, strict=False) for piece in (gap, (point, point))]
    pieces.append(gaps[-1])
    return [(low, high) for low, high in pieces if low is None or high is None or low <= high]


def _inside(piece: Piece) -> Any:
    """One value of the piece."""
    least, greatest = piece
    return greatest if least is None else least


def _within(column: Column, piece: Piece) -> Piece | None:
    """The part of the piece that the column's own limits leave; None when that is nothing."""
    least, greatest = piece
    low: Any = column.least
    high: Any = column.greatest
    least = low if least is None or (low is not None and low > least) else least
    greatest = high if greatest is None or (high is not None and high < greatest) else greatest
    return None if least is not None and greatest is not None and least > greatest else (least, greatest)
