"""Types and expressions in one wording, whoever wrote them: a model's SQL or a database's own text."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "bigserial": "bigint",
        "bool": "boolean",
        "bpchar": "character",
        "char": "character",
        "decimal": "numeric",
        "float4": "real",
        "float8": "double precision",
        "int": "integer",
        "int2": "smallint",
        "int4": "integer",
        "int8": "bigint",
        "serial": "integer",
        "smallserial": "smallint",
        "time": "time without time zone",
        "timestamp": "timestamp without time zone",
        "timestamptz": "timestamp with time zone",
        "timetz": "time with time zone",
        "varbit": "bit varying",
        "varchar": "character varying",
    }
)
"""Short names of types by what PostgreSQL's format_type() calls them."""

_PARTS = re.compile(
    r'^(?P<name>"[^"]*"|[^(\["]+?)\s*(?P<length>\([^)]*\))?(?P<rest>[a-z ]*)(?P<array>(\[\d*\])*)$'
)
_COLLATION = re.compile(r'\s+collate\s+("[^"]*"|\S+)$', re.IGNORECASE)


def worded_type(sql_type: str) -> str:
    """An SQL type as PostgreSQL's format_type() writes it: ``varchar(20)`` is ``character varying(20)``."""
    text = _COLLATION.sub("", " ".join(sql_type.split()))
    found = _PARTS.match(text)
    if not found:
        return text
    name = found["name"] if found["name"].startswith('"') else found["name"].lower()
    length = re.sub(r"\s", "", found["length"] or "").lower()
    name, _, zone = TYPES.get(f"{name}{found['rest'].rstrip()}", f"{name}{found['rest'].rstrip()}").partition(
        " "
    )
    if name in ("time", "timestamp"):
        name, zone = f"{name}{length}", zone
    elif zone:
        name, zone = f"{name} {zone}{length}", ""
    else:
        name = f"{name}{length}"
    return f"{name} {zone}".rstrip() + ("[]" if found["array"] else "")


def alike(one: str | None, other: str | None) -> bool:
    """Whether two expressions are the same but for casts, brackets, quotes and other wordings."""
    if one is None or other is None:
        return one is other
    return one == other or plain_expression(one) == plain_expression(other)


@lru_cache(maxsize=4096)
def plain_expression(sql: str) -> str:
    """The expression without what PostgreSQL adds when it writes one down; for comparing only."""
    try:
        with _quiet():
            # In brackets, for it may be a list.
            return _form(sqlglot.parse_one(f"({sql})", read="postgres"))
    except (SqlglotError, RecursionError):
        return _stripped(sql)


@contextmanager
def _quiet() -> Iterator[None]:
    """The parser warns of what it takes for a command; such text is compared as it is."""
    logger = logging.getLogger("sqlglot")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _form(node: Any) -> str:
    """A term of nested calls: one text for all wordings of one expression."""
    if isinstance(node, list):
        return ",".join(map(_form, node))
    if not isinstance(node, exp.Expression):
        return str(node).lower()
    bare = _bare(node)
    return next(form for kind, form in _FORMS if isinstance(bare, kind))(bare)


def _bare(node: exp.Expression) -> exp.Expression:
    """Without brackets, casts and collations around it."""
    while isinstance(node, exp.Paren | exp.Cast | exp.Collate):
        node = node.this
    return node


def _column(node: Any) -> str:
    return f"column({node.name})"


def _literal(node: Any) -> str:
    return f"literal({node.this})"


def _negative(node: Any) -> str:
    inner = _bare(node.this)
    return f"literal(-{inner.this})" if isinstance(inner, exp.Literal) else f"neg({_form(inner)})"


def _between(node: Any) -> str:
    value = _form(node.this)
    return f"and({','.join(sorted((_at_least(node, value), _at_most(node, value))))})"


def _at_least(node: Any, value: str) -> str:
    return f"gte({_form(node.args['low'])},{value})"


def _at_most(node: Any, value: str) -> str:
    return f"lte({_form(node.args['high'])},{value})"


def _compared(node: Any) -> str:
    """``=`` and ``<>``; ``x = ANY (ARRAY[a, b])`` as ``x IN (a, b)``, ``x <> ALL (…)`` as its opposite."""
    sign = "eq" if isinstance(node, exp.EQ) else "neq"
    right = _bare(node.expression)
    listed = _elements(right)
    if listed is None:
        return f"{sign}({_form(node.this)},{_form(right)})"
    form = f"in({','.join([_form(node.this), *map(_form, listed)])})"
    return form if sign == "eq" else f"not({form})"


def _elements(node: Any) -> list[Any] | None:
    """What stands in ``ANY (ARRAY[…])`` or ``ALL (ARRAY[…])``; None for anything else."""
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "all" and len(node.expressions) == 1:
        inner = _bare(node.expressions[0])
    elif isinstance(node, exp.Any | exp.All):
        inner = _bare(node.this)
    else:
        return None
    while isinstance(inner, exp.Tuple) and len(inner.expressions) == 1:
        inner = _bare(inner.expressions[0])
    return inner.expressions if isinstance(inner, exp.Array) else None


def _in(node: Any) -> str:
    listed = node.expressions
    if len(listed) == 1:
        return f"eq({_form(node.this)},{_form(listed[0])})"
    return f"in({','.join([_form(node.this), *map(_form, listed)])})" if listed else _generic(node)


def _not(node: Any) -> str:
    inner = _bare(node.this)
    if isinstance(inner, exp.Not):
        return _form(inner.this)
    if isinstance(inner, exp.EQ) and not isinstance(_bare(inner.expression), exp.Any):
        return f"neq({_form(inner.this)},{_form(inner.expression)})"
    return f"not({_form(inner)})"


def _connected(node: Any) -> str:
    """AND and OR with their parts in a row, in one order."""
    kind = type(node)
    parts: list[str] = []
    waiting: list[exp.Expression] = [node]
    while waiting:
        one: Any = _bare(waiting.pop())
        if isinstance(one, kind):
            waiting += [one.expression, one.this]
        elif isinstance(one, exp.Between) and kind is exp.And:
            value = _form(one.this)
            parts += [_at_least(one, value), _at_most(one, value)]
        else:
            parts.append(_form(one))
    return f"{node.key}({','.join(sorted(parts))})"


def _path(node: Any) -> str:
    """A key of a JSON value, which the parser takes for a path where it is a plain text."""
    steps = [step.this for step in node.expressions if not isinstance(step, exp.JSONPathRoot)]
    return f"literal({steps[0]})" if len(steps) == 1 else _generic(node)


def _extracted(node: Any) -> str:
    return f"{node.key}({_form(node.this)},{_form(node.expression)})"


def _zone(node: Any) -> str:
    return f"timezone({_form(node.args['zone'])},{_form(node.this)})"


def _function(node: Any) -> str:
    return f"{str(node.this).lower()}({','.join(map(_form, node.expressions))})"


def _interval(node: Any) -> str:
    unit = node.args.get("unit")
    return f"literal({node.this.name}{f' {unit.name.lower()}' if unit else ''})"


def _trimmed(node: Any) -> str:
    side = str(node.args.get("position") or "both").lower()
    characters = node.args.get("expression")
    return f"trim({side},{_form(node.this)}{f',{_form(characters)}' if characters else ''})"


def _generic(node: Any) -> str:
    arguments = sorted((key, value) for key, value in node.args.items() if key != "negate")
    parts = [
        _form(value) for _, value in arguments if value is not None and value != [] and value is not False
    ]
    form = f"{node.key}({','.join(parts)})"
    return f"not({form})" if node.args.get("negate") else form


_FORMS: tuple[tuple[type[exp.Expression], Callable[[Any], str]], ...] = (
    (exp.Column, _column),
    (exp.Literal, _literal),
    (exp.Neg, _negative),
    (exp.Between, _between),
    (exp.EQ, _compared),
    (exp.NEQ, _compared),
    (exp.In, _in),
    (exp.Not, _not),
    (exp.And, _connected),
    (exp.Or, _connected),
    (exp.ByteString, _literal),
    (exp.Interval, _interval),
    (exp.Trim, _trimmed),
    (exp.JSONPath, _path),
    (exp.JSONExtract, _extracted),
    (exp.JSONExtractScalar, _extracted),
    (exp.AtTimeZone, _zone),
    (exp.Anonymous, _function),
    (exp.Expression, _generic),
)
"""How a node is written, the first that fits."""


_CAST = re.compile(
    r"::(\"[^\"]*\"|[a-z_]\w*)(\s+(varying|precision|with(out)? time zone))?(\(\d+(,\s*\d+)?\))?(\[\])*", re.I
)


def _stripped(sql: str) -> str:
    """For what the parser does not know: text without casts, brackets, quotes of names and spaces."""
    return re.sub(r"[\s()\"]", "", _CAST.sub("", sql)).lower()
