"""SQL expressions as terms of three kinds, whatever the parser calls their parts."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbstate.values.solving import patterns
from dbstate.values.solving.literals import kind_of, read_interval, read_literal


@dataclass(frozen=True, slots=True)
class Value:
    """A constant."""

    value: object


@dataclass(frozen=True, slots=True)
class Name:
    """A column's value in the row."""

    column: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operation on terms; which ones there are is in ``evaluation``."""

    op: str
    args: tuple[Term, ...]
    reads: frozenset[str] = field(init=False, compare=False, repr=False)
    """Columns in it: asked so often that it is kept."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reads", frozenset[str]().union(*map(names, self.args)))


Term: TypeAlias = Value | Name | Call


def call(op: str, *args: Term) -> Call:
    return Call(op, args)


def negated(term: Term) -> Term:
    """The term's opposite, double negations taken away."""
    if isinstance(term, Call) and term.op == "not":
        return term.args[0]
    return call("not", term)


def names(term: Term) -> frozenset[str]:
    """Columns that the term reads."""
    if isinstance(term, Call):
        return term.reads
    return frozenset((term.column,)) if isinstance(term, Name) else frozenset()


def walk(term: Term) -> Iterator[Term]:
    """The term and all its parts."""
    yield term
    if isinstance(term, Call):
        for part in term.args:
            yield from walk(part)


def conjuncts(term: Term) -> Iterator[Term]:
    """The terms that must all hold."""
    if isinstance(term, Call) and term.op == "and":
        for part in term.args:
            yield from conjuncts(part)
    else:
        yield term


def constants(term: Term) -> Iterator[object]:
    """Constants in the term; of JSON and arrays their parts as well."""
    for part in walk(term):
        if isinstance(part, Value):
            yield part.value
            if isinstance(part.value, list):
                yield from part.value


def read(text: str, columns: tuple[str, ...], *, stand_ins: Mapping[str, Term] | None = None) -> Term:
    """The term that SQL text says.

    ``stand_ins`` are terms of columns that stand for others (generated ones). What cannot be read
    becomes a Call ``unread`` of all columns and literals in it: never an error.
    """
    reader = _Reader(columns, stand_ins or {})
    try:
        tree = _parse(text)
        return reader.term(tree)
    except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError):
        # The judge decides anyway: an expression that no parser knows still gives its literals.
        return _unread(text, columns)


def _parse(text: str) -> Any:
    logger = logging.getLogger("sqlglot")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return sqlglot.parse_one(text, dialect="postgres")
    finally:
        logger.setLevel(level)


_LITERAL = re.compile(r"'((?:[^']|'')*)'|(?<![\w.])(-?\d+(?:\.\d+)?)(?!\w)")


def _unread(text: str, columns: tuple[str, ...]) -> Term:
    found = _LITERAL.findall(text)
    literals = [
        Value(quoted.replace("''", "'")) if not number else Value(Decimal(number)) for quoted, number in found
    ]
    used = [Name(name) for name in columns if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)]
    return Call("unread", (*(used or [Name(name) for name in columns]), *literals))


_BINARY: dict[str, str] = {
    "EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">=", "Add": "+", "Sub": "-",
    "Mul": "*",
    "Div": "/", "IntDiv": "/", "Mod": "%", "Pow": "^", "BitwiseAnd": "&", "BitwiseOr": "|", "BitwiseXor": "#",
    "BitwiseLeftShift": "<<", "BitwiseRightShift": ">>", "DPipe": "||", "ArrayContainsAll": "@>",
    "ArrayOverlaps": "&&", "JSONBContainsTopKey": "has", "JSONBContains": "has",
    "JSONBContainsAllTopKeys": "has_all",
    "JSONBContainsAnyTopKeys": "has_any", "StartsWith": "starts_with", "Adjacent": "adjacent", "Left": "left",
    "Right": "right", "NullSafeEQ": "same", "ArrayPosition": "array_position", "Nullif": "nullif",
    "RegexpCount": "regexp_count", "StringToArray": "string_to_array", "ArrayToString": "array_to_string",
    "Repeat": "repeat", "JSONBPathExists": "jsonb_path_exists",
}  # fmt: skip
_FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
FLIPPED = _FLIPPED
OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_UNARY = {
    "Abs": "abs", "Lower": "lower", "Upper": "upper", "Length": "length", "ByteLength": "octet_length",
    "BitLength": "bit_length", "Ceil": "ceil", "Floor": "floor", "Sqrt": "sqrt", "Initcap": "initcap",
    "MD5": "md5",
    "Reverse": "reverse", "Ascii": "ascii", "Unicode": "ascii", "ArrayLength": "cardinality",
    "Sign": "sign", "Exp": "exp",
    "Ln": "ln", "BitwiseNot": "~", "JSONArrayLength": "json_length", "IsNan": "isnan",
}  # fmt: skip
_VARIADIC = {"Greatest": "greatest", "Least": "least", "Coalesce": "coalesce", "Concat": "concat"}
_NAMED = {
    "char_length": "length", "character_length": "length", "octet_length": "octet_length", "len": "length",
    "jsonb_typeof": "json_type", "json_typeof": "json_type", "json_type": "json_type",
    "jsonb_array_length": "json_length", "json_array_length": "json_length", "btrim": "trim",
    "isempty": "isempty", "num_nonnulls": "num_nonnulls", "num_nulls": "num_nulls",
    "cardinality": "cardinality",
    "lower_inf": "lower_inf", "upper_inf": "upper_inf", "lower_inc": "lower_inc", "upper_inc": "upper_inc",
    "regexp_count": "regexp_count", "starts_with": "starts_with", "timezone": "", "trunc": "trunc",
    "age": "-",
    "make_date": "make_date", "scale": "scale", "jsonb_path_exists": "jsonb_path_exists",
    "reverse": "reverse",
    "family": "family", "masklen": "masklen", "array_length": "cardinality", "bit_length": "bit_length",
    "array_ndims": "array_ndims", "json_valid": "is_json", "array_remove": "array_remove",
    "regexp_like": "", "isfinite": "isfinite",
}  # fmt: skip


class _Reader:
    """Turns one parser tree into a term. A method a shape, found by the node's class."""

    def __init__(self, columns: tuple[str, ...], stand_ins: Mapping[str, Term]) -> None:
        self.columns = columns
        self.stand_ins = stand_ins

    def term(self, node: Any) -> Term:
        for kind in type(node).__mro__:
            name = kind.__name__
            if name in _BINARY:
                return self._binary(_BINARY[name], node)
            if name in _UNARY:
                return call(_UNARY[name], self.term(node.this))
            if name in _SHAPES:
                return _SHAPES[name](self, node)
            if name in _VARIADIC:
                return self._variadic(_VARIADIC[name], node)
        return self._function(node)

    def terms(self, nodes: Any) -> tuple[Term, ...]:
        return tuple(self.term(node) for node in nodes if isinstance(node, exp.Expression))

    def name(self, written: str) -> Term:
        found = next((name for name in self.columns if name == written), None) or next(
            (name for name in self.columns if name.lower() == written.lower()), None
        )
        if found is None and written.lower() == "value" and len(self.columns) == 1:
            found = self.columns[0]  # a domain's CHECK calls its column VALUE
        if found is None:
            return self.stand_ins.get(written) or call(f"column {written}")
        return Name(found)

    def _variadic(self, op: str, node: Any) -> Term:
        first = () if node.this is None or op == "concat" else self.terms([node.this])
        return Call(op, first + self.terms(node.expressions))

    def _function(self, node: Any) -> Term:
        if isinstance(node, exp.Anonymous):
            name, parts = str(node.this).lower(), self.terms(node.expressions)
            if name == "timezone" and len(parts) == 2:
                return call("timezone", parts[1], parts[0])
            if name.startswith("django_") and name.endswith("_extract") and len(parts) >= 2:
                return call("extract", *parts[:2])
            return Call(_NAMED.get(name) or name, parts)
        children: list[Any] = []
        for arg in node.args.values():
            children.extend(arg if isinstance(arg, list) else [arg])
        return Call(type(node).__name__.lower(), self.terms(children))

    # -- comparisons ---------------------------------------------------------------------------------------

    def _binary(self, op: str, node: Any) -> Term:
        left, right = node.this, node.expression
        if isinstance(right, exp.Anonymous) and str(right.this).upper() in ("ALL", "ANY", "SOME"):
            return self._quantified(op, left, right.expressions[0], every=str(right.this).upper() == "ALL")
        if isinstance(right, exp.Any | exp.All):
            return self._quantified(op, left, right.this, every=isinstance(right, exp.All))
        first, second = self.term(left), self.term(right)
        if op in _OF_KEYS:
            return call(op, first, _keys(second))
        if op not in _FLIPPED:
            return call(op, first, second)
        first, second = _as_json(left, first, second), _as_json(right, second, first)
        return _comparison(op, first, second)

    def _quantified(self, op: str, left: Any, array: Any, *, every: bool) -> Term:
        subject, several = self.term(left), self.term(array)
        if op == "=" and not every:
            return call("in_array", subject, several)
        if op == "<>" and every:
            return call("not", call("in_array", subject, several))
        if isinstance(several, Value) and isinstance(several.value, list):
            parts = tuple(_comparison(op, subject, Value(value)) for value in several.value)
            return Call("and" if every else "or", parts)
        return call("unread", subject, several)

    def either(self, node: Any) -> Term:
        op = "and" if isinstance(node, exp.And) else "or"
        parts: list[Term] = []
        for side in (node.this, node.expression):
            part = self.term(side)
            parts.extend(part.args if isinstance(part, Call) and part.op == op else (part,))
        return Call(op, tuple(parts))

    def exclusive(self, node: Any) -> Term:
        return call("<>", self.term(node.this), self.term(node.expression))

    def opposite(self, node: Any) -> Term:
        return negated(self.term(node.this))

    def different(self, node: Any) -> Term:
        return call("not", call("same", self.term(node.this), self.term(node.expression)))

    def membership(self, node: Any) -> Term:
        subject, options = self.term(node.this), self.terms(node.expressions)
        if all(isinstance(option, Value) for option in options):
            return call(
                "in_array", subject, Value([option.value for option in options if isinstance(option, Value)])
            )
        return Call("or", tuple(_comparison("=", subject, option) for option in options))

    def between(self, node: Any) -> Term:
        subject, low, high = (self.term(node.args[key]) for key in ("this", "low", "high"))
        inside = call("and", _comparison(">=", subject, low), _comparison("<=", subject, high))
        if not node.args.get("symmetric"):
            return inside
        return call(
            "or", inside, call("and", _comparison(">=", subject, high), _comparison("<=", subject, low))
        )

    def state(self, node: Any) -> Term:
        subject, what = self.term(node.this), node.expression
        if isinstance(what, exp.Null):
            term: Term = call("is_null", subject)
        elif isinstance(what, exp.Boolean):
            term = call("same", subject, Value(bool(what.this)))
        else:
            term = call("is_json", subject)
        return negated(term) if node.args.get("negate") else term

    def overlap(self, node: Any) -> Term:
        (start, end), (other_start, other_end) = (
            self.terms(side.expressions) for side in (node.this, node.expression)
        )
        return call("and", call("<", start, other_end), call("<", other_start, end))

    def contained(self, node: Any) -> Term:
        return call("@>", self.term(node.expression), self.term(node.this))

    # -- patterns ------------------------------------------------------------------------------------------

    def pattern(self, node: Any) -> Term:
        escape = "\\"
        if isinstance(node, exp.Escape):
            escape, node = str(node.expression.this), node.this
        name = type(node).__name__
        negate = bool(node.args.get("negate"))
        right = node.expression
        if isinstance(right, exp.Any | exp.All):
            several = self.term(right.this)
            assert isinstance(several, Value)
            assert isinstance(several.value, list)
            parts = tuple(self._matches(name, node.this, text, escape) for text in several.value)
            term: Term = Call("and" if isinstance(right, exp.All) else "or", parts)
        else:
            given = self.term(right)
            if not (isinstance(given, Value) and isinstance(given.value, str)):
                return call("unread", self.term(node.this), given)
            term = self._matches(name, node.this, given.value, escape)
        return negated(term) if negate else term

    def _matches(self, name: str, subject: Any, pattern: str, escape: str) -> Term:
        return call("matches", self.term(subject), Value(_TRANSLATE[name](pattern, escape)))

    # -- leaves --------------------------------------------------------------------------------------------

    def inner(self, node: Any) -> Term:
        return self.term(node.this)

    def column(self, node: Any) -> Term:
        return self.name(node.name)

    def literal(self, node: Any) -> Term:
        if node.is_string:
            return Value(str(node.this))
        number = Decimal(str(node.this))
        return Value(
            int(number) if number == number.to_integral_value() and "." not in str(node.this) else number
        )

    def text(self, node: Any) -> Term:
        return Value(str(node.this))

    def null(self, node: Any) -> Term:
        return Value(None)

    def boolean(self, node: Any) -> Term:
        return Value(bool(node.this))

    def negative(self, node: Any) -> Term:
        inside = self.term(node.this)
        if isinstance(inside, Value) and isinstance(inside.value, int | Decimal):
            return Value(-inside.value)
        return call("neg", inside)

    def array(self, node: Any) -> Term:
        parts = self.terms(node.expressions)
        if all(isinstance(part, Value) for part in parts):
            return Value([part.value for part in parts if isinstance(part, Value)])
        return Call("array", parts)

    def tuple_(self, node: Any) -> Term:
        return Call("row", self.terms(node.expressions))

    def interval(self, node: Any) -> Term:
        unit = node.args.get("unit")
        inside = self.term(node.this)
        if not isinstance(inside, Value):
            return call("unread", inside)
        return Value(read_interval(f"{inside.value} {unit.name if unit is not None else ''}".strip()))

    def cast(self, node: Any) -> Term:
        target = node.args["to"].sql("postgres").lower()
        inside = self.term(node.this)
        if isinstance(inside, Value):
            return Value(_constant(inside.value, target))
        return call("cast", inside, Value(target))

    def case(self, node: Any) -> Term:
        parts: list[Term] = []
        for branch in node.args["ifs"]:
            condition = self.term(branch.this)
            if node.this is not None:
                condition = _comparison("=", self.term(node.this), condition)
            parts += [condition, self.term(branch.args["true"])]
        default = node.args.get("default")
        return Call("case", (*parts, self.term(default) if default is not None else Value(None)))

    # -- functions -----------------------------------------------------------------------------------------

    def json_path(self, node: Any) -> Term:
        op = "json_text" if "Scalar" in type(node).__name__ else "json_get"
        step = self._path(node.expression)
        if step is None:
            return call("unread", self.term(node.this), self.term(node.expression))
        subject = self.term(node.this)
        if isinstance(subject, Call) and subject.op == "json_get" and isinstance(subject.args[1], Value):
            before = subject.args[1].value
            assert isinstance(before, tuple)
            return call(op, subject.args[0], Value(before + step))
        return call(op, subject, Value(step))

    def _path(self, node: Any) -> tuple[object, ...] | None:
        if isinstance(node, exp.JSONPath):
            steps = [part.this for part in node.expressions if not isinstance(part, exp.JSONPathRoot)]
            return tuple(steps) if all(isinstance(step, str | int) for step in steps) else None
        if isinstance(node, exp.Literal | exp.Cast | exp.Array):
            constant = self.term(node)
            value = constant.value if isinstance(constant, Value) else None
            if isinstance(value, list):
                return tuple(_index(str(step)) for step in value)
            if isinstance(value, str) and value.startswith("{"):
                return tuple(_index(step.strip(' "')) for step in value[1:-1].split(","))
            return (value,) if isinstance(value, str | int) else None
        return None

    def arrow(self, node: Any) -> Term:
        """``f(data -> 'a')``, which the parser takes for a lambda."""
        subject = self.name(str(node.expressions[0].name))
        steps: list[object] = []
        body = node.this
        op = "json_get"
        while isinstance(body, exp.JSONExtract):
            op = "json_text" if "Scalar" in type(body).__name__ and not steps else op
            steps = [*(self._path(body.expression) or ()), *steps]
            body = body.this
        first = self._path(body)
        if first is None:
            return call("unread", subject)
        return call(op, subject, Value((*first, *steps)))

    def position(self, node: Any) -> Term:
        return call("position", self.term(node.args["substr"]), self.term(node.this))

    def extract(self, node: Any) -> Term:
        return call("extract", Value(str(node.this.name).lower()), self.term(node.expression))

    def truncate(self, node: Any) -> Term:
        return call("date_trunc", Value(str(node.args["unit"].name).lower()), self.term(node.this))

    def trim(self, node: Any) -> Term:
        op = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or ""), "trim")
        return Call(op, self.terms([node.this, node.args.get("expression")]))

    def substring(self, node: Any) -> Term:
        parts = self.terms([node.this, node.args.get("start"), node.args.get("length")])
        if len(parts) == 2 and isinstance(parts[1], Value) and isinstance(parts[1].value, str):
            return call("regexp_substr", parts[0], Value(patterns.from_posix(parts[1].value)))
        return Call("substring", parts)

    def split(self, node: Any) -> Term:
        return Call("split_part", self.terms(node.args[key] for key in ("this", "delimiter", "part_index")))

    def replace(self, node: Any) -> Term:
        parts = self.terms(
            [node.this, node.expression, node.args.get("replacement"), node.args.get("modifiers")]
        )
        if (
            isinstance(node, exp.RegexpReplace)
            and isinstance(parts[1], Value)
            and isinstance(parts[1].value, str)
        ):
            return Call("regexp_replace", (parts[0], Value(patterns.from_posix(parts[1].value)), *parts[2:]))
        return Call("replace", parts)

    def size(self, node: Any) -> Term:
        return call("array_length", self.term(node.this))

    def element(self, node: Any) -> Term:
        parts = self.terms(node.expressions)
        if len(parts) == 1 and isinstance(parts[0], Value) and isinstance(parts[0].value, int):
            return call("element", self.term(node.this), parts[0])
        return call("unread", self.term(node.this), *parts)

    def round(self, node: Any) -> Term:
        return Call("round", self.terms([node.this, node.args.get("decimals")]))

    def zoned(self, node: Any) -> Term:
        return call("timezone", self.term(node.this), self.term(node.args["zone"]))

    def today(self, node: Any) -> Term:
        return call("today" if isinstance(node, exp.CurrentDate) else "now")


_SHAPES: dict[str, Callable[[_Reader, Any], Term]] = {
    "And": _Reader.either, "Or": _Reader.either, "Xor": _Reader.exclusive, "Not": _Reader.opposite,
    "NullSafeNEQ": _Reader.different, "In": _Reader.membership, "Between": _Reader.between,
    "Is": _Reader.state,
    "Overlaps": _Reader.overlap, "ArrayContainedBy": _Reader.contained, "Like": _Reader.pattern,
    "ILike": _Reader.pattern, "RegexpLike": _Reader.pattern, "RegexpILike": _Reader.pattern,
    "SimilarTo": _Reader.pattern, "Glob": _Reader.pattern, "Escape": _Reader.pattern, "Paren": _Reader.inner,
    "Collate": _Reader.inner, "Column": _Reader.column, "Identifier": _Reader.column,
    "Literal": _Reader.literal,
    "RawString": _Reader.text, "ByteString": _Reader.text, "National": _Reader.text, "Null": _Reader.null,
    "Boolean": _Reader.boolean, "Neg": _Reader.negative, "Array": _Reader.array, "Tuple": _Reader.tuple_,
    "Interval": _Reader.interval, "Cast": _Reader.cast, "TryCast": _Reader.cast, "Case": _Reader.case,
    "JSONExtract": _Reader.json_path, "JSONExtractScalar": _Reader.json_path,
    "JSONBExtract": _Reader.json_path,
    "JSONBExtractScalar": _Reader.json_path, "Lambda": _Reader.arrow, "StrPosition": _Reader.position,
    "Extract": _Reader.extract, "TimestampTrunc": _Reader.truncate, "DateTrunc": _Reader.truncate,
    "Trim": _Reader.trim, "Substring": _Reader.substring, "SplitPart": _Reader.split,
    "RegexpReplace": _Reader.replace, "Replace": _Reader.replace, "ArraySize": _Reader.size,
    "Bracket": _Reader.element, "Round": _Reader.round, "CurrentDate": _Reader.today,
    "CurrentTimestamp": _Reader.today, "AtTimeZone": _Reader.zoned,
}  # fmt: skip

_TRANSLATE: dict[str, Callable[[str, str], str]] = {
    "Like": lambda pattern, escape: patterns.from_like(pattern, escape=escape),
    "ILike": lambda pattern, escape: patterns.from_like(pattern, ignore_case=True, escape=escape),
    "RegexpLike": lambda pattern, escape: patterns.from_posix(pattern),
    "RegexpILike": lambda pattern, escape: patterns.from_posix(pattern, ignore_case=True),
    "SimilarTo": lambda pattern, escape: patterns.from_similar(pattern),
    "Glob": lambda pattern, escape: patterns.from_glob(pattern),
}


def _index(step: str) -> object:
    return int(step) if step.isdigit() else step


def _constant(value: object, sql_type: str) -> object:
    """A constant cast to an SQL type; itself where the cast says nothing new."""
    if isinstance(value, str):
        return read_literal(sql_type, value)
    if isinstance(value, list) and kind_of(sql_type) == "array":
        element = sql_type.split("[")[0]
        return [_constant(item, element) for item in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        kind = kind_of(sql_type)
        return Decimal(value) if kind == "decimal" else float(value) if kind == "float" else value
    return value


def _comparison(op: str, left: Term, right: Term) -> Term:
    """A comparison, split where one of tuples or of the greatest of many says several simpler ones."""
    if isinstance(right, Call) and right.op == "row" and isinstance(left, Call) and left.op == "row":
        parts = tuple(call(op, *pair) for pair in zip(left.args, right.args, strict=False))
        if op in ("=", "<>"):
            return Call("and" if op == "=" else "or", parts)
        return call("unread", left, right)
    for one, other, sense in ((left, right, op), (right, left, _FLIPPED[op])):
        if (
            isinstance(one, Call)
            and (one.op, sense[0]) in (("greatest", "<"), ("least", ">"))
            and sense != "<>"
        ):
            return Call("and", tuple(call(sense, part, other) for part in one.args))
    return call(op, left, right)


_OF_KEYS = ("has_all", "has_any")


def _keys(term: Term) -> Term:
    """Keys written as ``'{kind,version}'``, whose type the operator alone tells."""
    if isinstance(term, Value) and isinstance(term.value, str):
        return Value(read_literal("text[]", term.value))
    return term


def _as_json(node: Any, term: Term, other: Term) -> Term:
    """Text without a type beside ``->`` is JSON."""
    beside_json = isinstance(other, Call) and other.op == "json_get"
    if (
        beside_json
        and isinstance(node, exp.Literal)
        and isinstance(term, Value)
        and isinstance(term.value, str)
    ):
        return Value(read_literal("jsonb", term.value))
    return term
