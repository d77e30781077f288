"""A described table beside what the database says of it: the stricter of both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from dbstate.catalog.tables import Check, Column, Exclusion, ForeignKey, GenericKey, Kind, Table, Unique

LONGEST_NAME = 63
"""Bytes of a name that PostgreSQL keeps; it cuts what is longer."""

Rule = TypeVar("Rule", Check, Unique, Exclusion)

TEXTS = frozenset({"text", "file"})
NUMBERS = frozenset({"integer", "decimal"})

BOUND = re.compile(r"(?P<name>.+?) (?P<sign>>=|<=|>|<) '?(?P<number>-?\d+(?:\.\d+)?)'?(?:::[a-z ]+)?")
PRESENT = re.compile(r"(?P<name>.+?) IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a type admits; None and empty where it sets no limit."""

    kind: Kind = "unknown"
    max_length: int | None = None
    least: int | Decimal | None = None
    greatest: int | Decimal | None = None
    max_digits: int | None = None
    decimal_places: int | None = None
    labels: tuple[str, ...] = ()
    """All that the type holds."""
    patterns: tuple[str, ...] = ()
    sql_type: str = ""


@dataclass(frozen=True, slots=True)
class LiveColumn:
    """A column as the database has it."""

    name: str
    null: bool
    limits: Limits = Limits()
    element: Limits | None = None
    """Of an array's innermost elements."""


@dataclass(frozen=True, slots=True)
class LiveRules:
    """What stands in the database; names of columns as there, not quoted."""

    columns: tuple[LiveColumn, ...] = ()
    checks: tuple[Check, ...] = ()
    uniques: tuple[Unique, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    indexed: frozenset[str] = frozenset()
    """Columns whose values stand in a btree index."""
    notes: tuple[str, ...] = ()
    """What could not be read, one sentence each."""


def with_rules(table: Table, live: LiveRules) -> Table:
    """The table with the stricter of what it and the database say; equal to it when nothing is new."""
    names = {_bare(column.name): column.name for column in table.columns}
    found = {names[column.name]: column for column in live.columns if column.name in names}
    known_checks, new_checks = _joined(table.checks, live.checks, names)
    known_exclusions, new_exclusions = _joined(table.exclusions, live.exclusions, names)
    narrowed = [_column(column, found.get(column.name), live.indexed) for column in table.columns]
    columns = tuple(_present(column, new_checks) for column in narrowed)
    required = {column.name for column in columns if not column.null}
    by_name = {column.name: column for column in columns}
    return replace(
        table,
        columns=columns,
        checks=(*known_checks, *(check for check in new_checks if not _said(check, by_name))),
        uniques=_uniques(table, live.uniques, names),
        exclusions=(*known_exclusions, *new_exclusions),
        foreign_keys=tuple(_required_key(key, required) for key in table.foreign_keys),
        generic_keys=tuple(_required_generic_key(key, required) for key in table.generic_keys),
        notes=tuple(dict.fromkeys((*table.notes, *live.notes, *_unknown_columns(live, names)))),
    )


def kept_name(name: str) -> str:
    """As much of a name as PostgreSQL keeps."""
    return name.encode()[:LONGEST_NAME].decode(errors="ignore")


# columns ------------------------------------------------------------------------------------------------


def _column(column: Column, live: LiveColumn | None, indexed: frozenset[str]) -> Column:
    if live is None:
        return column
    column = _narrowed(column, live.limits)
    return replace(
        column,
        null=column.null and live.null,
        indexed=column.indexed or live.name in indexed,
        element=_element(column, live),
    )


def _element(column: Column, live: LiveColumn) -> Column | None:
    """The element with the limits of its type, however deep it lies in arrays of arrays."""
    if live.element is None or column.kind != "array":
        return column.element
    if column.element is None:
        empty = Column(column.name, column.field, live.element.kind, live.element.sql_type)
        return None if empty.kind == "unknown" else _narrowed(empty, live.element)
    if column.element.kind == "array":
        return replace(column.element, element=_element(column.element, live))
    return _narrowed(column.element, live.element)


def _narrowed(column: Column, limits: Limits) -> Column:
    """The column as narrow as its type."""
    if column.kind == "unknown" and limits.kind != "unknown":
        column = replace(column, kind=limits.kind)
    if column.kind in TEXTS:
        column = replace(
            column,
            max_length=_least_of(column.max_length, limits.max_length),
            patterns=tuple(dict.fromkeys((*column.patterns, *limits.patterns))),
        )
    if column.kind in NUMBERS:
        column = _number(column, limits)
    if limits.labels and column.kind == "text":
        column = _listed(column, limits.labels)
    return column


def _number(column: Column, limits: Limits) -> Column:
    least, greatest = limits.least, limits.greatest
    if column.kind == "integer":
        least, greatest = (None if one is None else int(one) for one in (least, greatest))
    changes: dict[str, Any] = {}
    if least is not None and (column.least is None or _number_of(column.least, least) < least):
        changes["least"] = least
    if greatest is not None and (column.greatest is None or _number_of(column.greatest, greatest) > greatest):
        changes["greatest"] = greatest
    if column.kind == "decimal":
        changes.update(_digits(column, limits))
    return replace(column, **changes) if changes else column


def _digits(column: Column, limits: Limits) -> dict[str, int]:
    """Digits of a decimal, where the database keeps fewer before or after the point."""
    if limits.max_digits is None or limits.decimal_places is None:
        return {}
    if column.max_digits is None or column.decimal_places is None:
        return {"max_digits": limits.max_digits, "decimal_places": limits.decimal_places}
    places = min(column.decimal_places, limits.decimal_places)
    whole = min(column.max_digits - column.decimal_places, limits.max_digits - limits.decimal_places)
    return {"max_digits": whole + places, "decimal_places": places}


def _listed(column: Column, labels: tuple[str, ...]) -> Column:
    """A column of listed values: of the model's own those that the type holds, else all that it holds."""
    allowed = frozenset(labels)
    own = column.samples or column.choices
    if own and all(value in allowed for value in own):
        return column
    common = tuple(value for value in own if value in allowed)
    if common:
        return replace(column, samples=common)
    fitting = tuple(one for one in labels if column.max_length is None or len(one) <= column.max_length)
    return replace(column, samples=fitting or labels)


def _number_of(value: object, fallback: int | Decimal) -> int | Decimal:
    """A limit as a number; the fallback for one of another kind, which then stays as it is."""
    if isinstance(value, float):
        return Decimal(value)
    return value if isinstance(value, int | Decimal) else fallback


def _least_of(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


def _required_key(key: ForeignKey, required: set[str]) -> ForeignKey:
    return replace(key, null=key.null and not required.issuperset(key.columns))


def _required_generic_key(key: GenericKey, required: set[str]) -> GenericKey:
    return replace(key, null=key.null and required.isdisjoint((key.type_column, key.object_column)))


# rules --------------------------------------------------------------------------------------------------


def _present(column: Column, checks: Iterable[Check]) -> Column:
    """The column, not null where a CHECK says just that."""
    for check in checks:
        found = PRESENT.fullmatch(_plain(check.expression))
        if found and check.columns == (column.name,) and _bare(found["name"]) == _bare(column.name):
            return replace(column, null=False)
    return column


def _said(check: Check, columns: Mapping[str, Column]) -> bool:
    """Whether the column's own limits say what the CHECK says, as of Django's PositiveIntegerField."""
    if len(check.columns) != 1:
        return False
    column, text = columns[check.columns[0]], _plain(check.expression)
    if PRESENT.fullmatch(text):
        return not column.null
    found = BOUND.fullmatch(text)
    if not found or _bare(found["name"]) != _bare(column.name):
        return False
    sign, number = found["sign"], Decimal(found["number"])
    limit = column.least if sign[0] == ">" else column.greatest
    if not isinstance(limit, int | Decimal):
        return False
    if limit == number:
        return sign.endswith("=")
    return limit > number if sign[0] == ">" else limit < number


def _uniques(table: Table, live: Iterable[Unique], names: Mapping[str, str]) -> tuple[Unique, ...]:
    """The table's, by their real names, and those that it does not know."""
    soft = [unique for unique in table.uniques if not unique.enforced]
    known, new = _joined([unique for unique in table.uniques if unique.enforced], live, names)
    real = iter(known)
    keys = {_reads(unique) for unique in known} | {_reads(Unique("", table.primary_key))}
    added = [
        replace(unique, primary=False)
        for unique in new
        # A second key of the same plain columns says nothing new of the rows.
        if unique.expressions or unique.condition is not None or _reads(unique) not in keys
    ]
    return (*(unique if unique in soft else next(real) for unique in table.uniques), *added)


def _unknown_columns(live: LiveRules, names: Mapping[str, str]) -> Iterator[str]:
    """Sentences on rules that read columns of which the description says nothing."""
    rules: tuple[Check | Unique | Exclusion, ...] = (*live.checks, *live.uniques, *live.exclusions)
    for rule in rules:
        unknown = sorted(_columns_of(rule) - names.keys())
        if unknown:
            yield f"{rule.name} reads {', '.join(unknown)}, which is in the database alone"


def _joined(
    own: Iterable[Rule], live: Iterable[Rule], names: Mapping[str, str]
) -> tuple[list[Rule], list[Rule]]:
    """The described rules by their real names, and the live ones that are not among them.

    A rule is found by its name, else by what it reads, where that leaves no doubt.
    """
    free = [_described(rule, names) for rule in live if names.keys() >= _columns_of(rule)]
    found = [replace(rule, name=kept_name(rule.name)) for rule in own]
    taken = {rule.name for rule in free} & {rule.name for rule in found}
    free = [rule for rule in free if rule.name not in taken]
    lost = Counter(_reads(rule) for rule in found if rule.name not in taken)
    alike = Counter(_reads(rule) for rule in free)
    real: dict[object, Rule] = {}
    for rule in free:
        reads = _reads(rule)
        if reads in lost and (_is_plain(rule) or lost[reads] == alike[reads] == 1):
            real.setdefault(reads, rule)
    joined = []
    for described, rule in zip(own, found, strict=True):
        other = None if rule.name in taken else real.pop(_reads(rule), None)
        if other is not None:
            free.remove(other)
        name = other.name if other is not None else rule.name if rule.name in taken else described.name
        joined.append(replace(described, name=name))
    return joined, free


def _reads(rule: Check | Unique | Exclusion) -> object:
    """What tells rules of different names apart; a CHECK is told by its name alone."""
    if isinstance(rule, Check):
        return rule.name
    if isinstance(rule, Exclusion):
        operators = tuple(operator for _, operator in rule.expressions)
        return frozenset(rule.columns), operators, rule.condition is None
    return frozenset(rule.columns), len(rule.expressions), rule.condition is None, rule.nulls_distinct


def _is_plain(rule: Check | Unique | Exclusion) -> bool:
    return isinstance(rule, Unique) and not rule.expressions and rule.condition is None


def _columns_of(rule: Check | Unique | Exclusion) -> set[str]:
    return {*rule.columns, *(rule.condition_columns if isinstance(rule, Unique) else ())}


def _described(rule: Rule, names: Mapping[str, str]) -> Rule:
    """The rule with the columns' described names."""
    columns = tuple(names[name] for name in rule.columns)
    if isinstance(rule, Unique):
        conditions = tuple(names[name] for name in rule.condition_columns)
        return replace(rule, columns=columns, condition_columns=conditions)
    return replace(rule, columns=columns)


def _plain(expression: str) -> str:
    """The expression without the brackets around all of it."""
    text = expression.strip()
    while text.startswith("(") and text.endswith(")") and "(" not in text[1:-1]:
        text = text[1:-1].strip()
    return text


def _bare(name: str) -> str:
    """A name without its quotes."""
    if len(name) > 1 and name[0] == name[-1] == '"':
        return name[1:-1].replace('""', '"')
    return name
