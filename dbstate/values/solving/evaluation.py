"""What a term is in a row, as far as Python can tell: a guide for the search, never the judge."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import math
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dbstate.values.solving.literals import Span, as_span, kind_of, read_like, read_literal
from dbstate.values.solving.patterns import is_match
from dbstate.values.solving.terms import Call, Name, Term, Value, walk

Row = Mapping[str, object]


class Unknown(Exception):
    """Python cannot tell what the term is; the judge can."""


def truth(term: Term, row: Row) -> bool | None:
    """Whether a condition holds; None is SQL's NULL. Unknown when it cannot be told."""
    value = evaluate(term, row)
    if value is None or isinstance(value, bool):
        return value
    raise Unknown


def evaluate(term: Term, row: Row) -> Any:
    """The term's value in this row; None is NULL. Unknown when it cannot be told."""
    if isinstance(term, Value):
        return term.value
    if isinstance(term, Name):
        return row[term.column]
    lazy = _LAZY.get(term.op)
    if lazy is not None:
        return lazy(term.args, row)
    function = _STRICT.get(term.op)
    if function is None:
        raise Unknown(term.op)
    values = []
    for arg in term.args:
        value = evaluate(arg, row)
        if value is None:
            return None
        values.append(value)
    try:
        return function(*values)
    except (TypeError, ValueError, ArithmeticError, AttributeError, IndexError, KeyError) as error:
        raise Unknown(term.op) from error


def is_known(term: Term) -> bool:
    """Whether there is a way to evaluate every part of the term."""
    return all(not isinstance(part, Call) or part.op in _LAZY or part.op in _STRICT for part in walk(term))


# -- conditions: NULL and the unknown pass through ----------------------------------------------------------


def _join(args: tuple[Term, ...], row: Row, decisive: bool) -> bool | None:
    """AND (decisive False) or OR (decisive True)."""
    unknown = null = False
    for arg in args:
        try:
            value = truth(arg, row)
        except Unknown:
            unknown = True
            continue
        if value is decisive:
            return decisive
        null = null or value is None
    if unknown:
        raise Unknown
    return None if null else not decisive


def _not(args: tuple[Term, ...], row: Row) -> bool | None:
    value = truth(args[0], row)
    return None if value is None else not value


def _case(args: tuple[Term, ...], row: Row) -> object:
    for at in range(0, len(args) - 1, 2):
        if truth(args[at], row):
            return evaluate(args[at + 1], row)
    return evaluate(args[-1], row)


def _coalesce(args: tuple[Term, ...], row: Row) -> object:
    for arg in args:
        value = evaluate(arg, row)
        if value is not None:
            return value
    return None


def _nullif(args: tuple[Term, ...], row: Row) -> object:
    first = evaluate(args[0], row)
    return None if first is not None and evaluate(Call("=", args), row) is True else first


def _same(args: tuple[Term, ...], row: Row) -> bool:
    first, second = (evaluate(arg, row) for arg in args)
    if first is None or second is None:
        return first is None and second is None
    return bool(evaluate(Call("=", (Value(first), Value(second))), row))


def _extreme(choose: Callable[[list[Any]], Any]) -> Callable[[tuple[Term, ...], Row], object]:
    def chosen(args: tuple[Term, ...], row: Row) -> object:
        values = [value for arg in args if (value := evaluate(arg, row)) is not None]
        try:
            return choose(values) if values else None
        except TypeError as error:
            raise Unknown from error

    return chosen


def _concat(args: tuple[Term, ...], row: Row) -> str:
    return "".join(as_text(evaluate(arg, row)) or "" for arg in args)


def _nulls(args: tuple[Term, ...], row: Row) -> int:
    return sum(evaluate(arg, row) is None for arg in args)


_LAZY: dict[str, Callable[[tuple[Term, ...], Row], Any]] = {
    "and": lambda args, row: _join(args, row, False),
    "or": lambda args, row: _join(args, row, True),
    "not": _not,
    "is_null": lambda args, row: evaluate(args[0], row) is None,
    "same": _same,
    "case": _case,
    "coalesce": _coalesce,
    "nullif": _nullif,
    "greatest": _extreme(max),
    "least": _extreme(min),
    "concat": _concat,
    "num_nulls": _nulls,
    "num_nonnulls": lambda args, row: len(args) - _nulls(args, row),
    "array": lambda args, row: [evaluate(arg, row) for arg in args],
}


# -- two values of one type ----------------------------------------------------------------------------------


def aligned(left: Any, right: Any) -> tuple[Any, Any]:
    """The two as types that Python compares; ValueError when text does not say the other's type."""
    if isinstance(left, str) and not isinstance(right, str):
        left = read_like(left, right)
    elif isinstance(right, str) and not isinstance(left, str):
        right = read_like(right, left)
    if isinstance(left, dt.date) and isinstance(right, dt.date):
        return _same_dates(left, right)
    if isinstance(left, dt.timedelta) != isinstance(right, dt.timedelta):
        return _same_durations(left, right)
    if as_span(left) and not isinstance(left, str):
        return as_span(left), as_span(right)
    return left, right


def _same_dates(left: dt.date, right: dt.date) -> tuple[dt.date, dt.date]:
    if not isinstance(left, dt.datetime) and not isinstance(right, dt.datetime):
        return left, right
    first, second = (
        value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
        for value in (left, right)
    )
    if (first.tzinfo is None) != (second.tzinfo is None):
        first, second = (value if value.tzinfo else value.replace(tzinfo=dt.UTC) for value in (first, second))
    return first, second


def _same_durations(left: Any, right: Any) -> tuple[Any, Any]:
    """A count of days beside a duration, as the difference of two dates is."""
    first, second = (dt.timedelta(days=value) if isinstance(value, int) else value for value in (left, right))
    return first, second


def _compare(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: bool(compare(*aligned(left, right)))


def _numbers(left: Any, right: Any) -> tuple[Any, Any]:
    if isinstance(left, float) and isinstance(right, Decimal):
        return left, float(right)
    if isinstance(left, Decimal) and isinstance(right, float):
        return float(left), right
    return left, right


def _add(left: Any, right: Any) -> Any:
    if isinstance(right, dt.date) and not isinstance(left, dt.date):
        left, right = right, left
    if isinstance(left, dt.date):
        if isinstance(right, str):
            right = read_literal("interval", right)
        if isinstance(right, int):
            return left + dt.timedelta(days=right)
        if not isinstance(left, dt.datetime) and isinstance(right, dt.timedelta):
            left = dt.datetime.combine(left, dt.time())
        return left + right
    return operator.add(*_numbers(left, right))


def _subtract(left: Any, right: Any) -> Any:
    if isinstance(left, dt.date) and isinstance(right, dt.date):
        dates = not isinstance(left, dt.datetime) and not isinstance(right, dt.datetime)
        left, right = aligned(left, right)
        return (left - right).days if dates else left - right
    if isinstance(left, dt.date):
        return _add(left, -right)
    if isinstance(left, dt.time):
        return _clock(left) - (_clock(right) if isinstance(right, dt.time) else right)
    return operator.sub(*_numbers(left, right))


def _clock(time: dt.time) -> dt.timedelta:
    return dt.timedelta(
        hours=time.hour, minutes=time.minute, seconds=time.second, microseconds=time.microsecond
    )


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(left, dt.timedelta) or isinstance(right, dt.timedelta):
        left, right = (float(v) if isinstance(v, Decimal) else v for v in (left, right))
    return operator.mul(*_numbers(left, right))


def _divide(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    if isinstance(left, dt.timedelta):
        return left / float(right)
    return operator.truediv(*_numbers(left, right))


def _modulo(left: Any, right: Any) -> Any:
    left, right = _numbers(left, right)
    rest = abs(left) % abs(right)
    return rest if left >= 0 else -rest


# -- containment ---------------------------------------------------------------------------------------------


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, dict | list) and isinstance(right, str):
        right = read_like(right, left)
    span = None if isinstance(left, dict | list) else as_span(left)
    if span is not None:
        return _span_contains(span, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return all(key in left and _json_contains(left[key], value) for key, value in right.items())
    if isinstance(left, list):
        wanted = right if isinstance(right, list) else [right]
        return all(any(_json_contains(item, value) for item in left) for value in wanted)
    return bool(left == right)


def _json_contains(left: Any, right: Any) -> bool:
    if isinstance(left, dict | list) and isinstance(right, dict | list):
        return type(left) is type(right) and _contains(left, right)
    return bool(left == right)


def _span_contains(span: Span, value: Any) -> bool:
    inner = as_span(value)
    if inner is None:
        inner = Span(value, value, "[]")
    if inner.empty:
        return True
    if span.empty:
        return False
    low = span.lower is None or (inner.lower is not None and _least_key(inner) >= _least_key(span))
    high = span.upper is None or (inner.upper is not None and _greatest_key(inner) <= _greatest_key(span))
    return low and high


def _least_key(span: Span) -> Any:
    return (_plain(span.lower), span.bounds[0] == "(")


def _greatest_key(span: Span) -> Any:
    return (_plain(span.upper), span.bounds[1] == "]")


def _plain(value: Any) -> Any:
    """A date as a timestamp in UTC, so that ends of ranges compare."""
    return _same_dates(value, dt.datetime(1, 1, 1, tzinfo=dt.UTC))[0] if isinstance(value, dt.date) else value


def _overlaps(left: Any, right: Any) -> bool:
    if isinstance(left, list):
        wanted: Any = right if isinstance(right, list) else read_like(right, left)
        return any(item in left for item in wanted)
    one, other = as_span(left), as_span(right)
    if one is None or other is None:
        raise Unknown
    if one.empty or other.empty:
        return False
    return _starts_before_end(one, other) and _starts_before_end(other, one)


def _starts_before_end(one: Span, other: Span) -> bool:
    if one.lower is None or other.upper is None:
        return True
    low, high = _plain(one.lower), _plain(other.upper)
    return bool(low < high or (low == high and one.bounds[0] == "[" and other.bounds[1] == "]"))


def _end(which: str) -> Callable[[Any], Any]:
    def end(value: Any) -> Any:
        if isinstance(value, str):
            return getattr(value, which)()
        span = as_span(value)
        if span is None:
            raise Unknown
        return getattr(span, which)

    return end


def _open_end(which: str) -> Callable[[Any], bool]:
    def is_open(value: Any) -> bool:
        span = as_span(value)
        if span is None:
            raise Unknown
        return getattr(span, which) is None and not span.empty

    return is_open


def _strictly_left(left: Any, right: Any) -> bool:
    if isinstance(left, int) and isinstance(right, int):
        raise Unknown  # a shift of bits, which no condition is
    if isinstance(left, str):
        network = ipaddress.ip_network(str(right), strict=False)
        inside = ipaddress.ip_network(left, strict=False)
        return inside.version == network.version and inside.subnet_of(network) and inside != network  # type: ignore[arg-type]
    one, other = as_span(left), as_span(right)
    if one is None or other is None or one.upper is None or other.lower is None:
        raise Unknown
    return not _starts_before_end(other, one)


# -- JSON, arrays --------------------------------------------------------------------------------------------


def _json_get(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        if isinstance(document, dict):
            document = document.get(str(step))
        elif isinstance(document, list) and str(step).lstrip("-").isdigit():
            document = document[int(step)] if -len(document) <= int(step) < len(document) else None
        else:
            return None
    return document


def as_text(value: Any) -> str | None:
    """A value as ``::text`` or ``->>`` gives it, where that is sure."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _json_type(value: Any) -> str:
    for types, name in (
        ((bool,), "boolean"),
        ((int, float, Decimal), "number"),
        ((str,), "string"),
        ((dict,), "object"),
        ((list, tuple), "array"),
    ):
        if isinstance(value, types):
            return name
    raise Unknown


def _has(document: Any, key: Any) -> bool:
    return key in document if isinstance(document, dict | list) else document == key


def _json_length(value: Any) -> int:
    if not isinstance(value, list):
        raise Unknown
    return len(value)


def _position_in(array: list[Any], item: Any) -> int | None:
    return array.index(item) + 1 if item in array else None


def _in_array(item: Any, array: Any) -> bool | None:
    options: Any = array if isinstance(array, list | tuple) else read_like(array, [])
    if any(option is not None and _compare(operator.eq)(item, option) for option in options):
        return True
    return None if None in options else False


def _element(array: Any, index: int) -> Any:
    return array[index] if 0 <= index < len(array) else None


# -- text, dates, casts --------------------------------------------------------------------------------------


def _substring(text: str, start: int, length: int | None = None) -> str:
    end = len(text) + 1 if length is None else start + length
    return text[max(start, 1) - 1 : max(end, 1) - 1]


def _split_part(text: str, separator: str, index: int) -> str:
    parts = text.split(separator)
    at = index - 1 if index > 0 else len(parts) + index
    return parts[at] if 0 <= at < len(parts) else ""


def _regexp_replace(text: str, pattern: str, replacement: str, flags: str = "") -> str:
    plain = re.sub(r"\\(\d)", r"\\g<\1>", replacement)
    return re.sub(("(?i)" if "i" in flags else "") + pattern, plain, text, count=0 if "g" in flags else 1)


def _regexp_substr(text: str, pattern: str) -> str | None:
    found = re.search(pattern, text)
    if found is None:
        return None
    return found[1] if found.re.groups else found[0]


def _to_decimal(value: Any) -> Decimal:
    if isinstance(value, dt.timedelta):
        return Decimal(value // dt.timedelta(microseconds=1)) / 1_000_000
    return Decimal(str(value))


_PARTS: dict[str, Callable[[Any], Any]] = {
    "dow": lambda d: d.isoweekday() % 7,
    "isodow": lambda d: d.isoweekday(),
    "doy": lambda d: d.timetuple().tm_yday,
    "week": lambda d: d.isocalendar()[1],
    "isoyear": lambda d: d.isocalendar()[0],
    "quarter": lambda d: (d.month + 2) // 3,
    "decade": lambda d: d.year // 10,
    "century": lambda d: (d.year + 99) // 100,
    "second": lambda d: Decimal(d.second) + Decimal(d.microsecond) / 1_000_000,
    "milliseconds": lambda d: d.second * 1000 + Decimal(d.microsecond) / 1000,
    "microseconds": lambda d: d.second * 1_000_000 + d.microsecond,
    "minute": lambda d: d.minute,
    "hour": lambda d: d.hour,
    "day": lambda d: d.day,
    "month": lambda d: d.month,
    "year": lambda d: d.year,
    "timezone": lambda d: 0,
}


def _extract(part: str, value: Any) -> Any:
    part = {"week_day": "dow", "iso_week_day": "isodow"}.get(part, part)
    if isinstance(value, str):
        raise Unknown
    if isinstance(value, dt.timedelta):
        if part == "epoch":
            return _to_decimal(value)
        if part in ("day", "days"):
            return value.days
        raise Unknown
    if part == "epoch":
        return _to_decimal(
            _same_dates(value, dt.datetime(1970, 1, 1, tzinfo=dt.UTC))[0]
            - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        )
    return _PARTS[part](value)


_FLOORS: dict[str, dict[str, int]] = {
    "year": {"month": 1, "day": 1},
    "month": {"day": 1},
    "day": {},
    "hour": {"minute": 0, "second": 0, "microsecond": 0},
    "minute": {"second": 0, "microsecond": 0},
    "second": {"microsecond": 0},
    "milliseconds": {},
}


def _date_trunc(part: str, value: Any) -> Any:
    if part == "week":
        return _date_trunc("day", value - dt.timedelta(days=value.weekday()))
    if part == "quarter":
        return _date_trunc("month", value).replace(month=value.month - (value.month - 1) % 3)
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    floors = dict(_FLOORS[part])
    if part in ("year", "month", "day"):
        floors |= {"hour": 0, "minute": 0, "second": 0, "microsecond": 0}
    return value.replace(**floors)


def _timezone(value: Any, zone: str) -> Any:
    place = ZoneInfo(zone)
    if value.tzinfo is None:
        return value.replace(tzinfo=place)
    return value.astimezone(place).replace(tzinfo=None)


def _rounded(value: Any, places: int = 0) -> Any:
    if isinstance(value, float):
        return float(round(value, places))
    number = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding="ROUND_HALF_UP")
    return number


def cast(value: Any, sql_type: str) -> Any:
    """The value as another type; ValueError or Unknown when that cannot be told."""
    kind = kind_of(sql_type)
    caster = _CASTS.get(kind)
    if caster is None:
        if kind in ("array", "json", "range") and not isinstance(value, str):
            return value
        raise Unknown(sql_type)
    return caster(value, sql_type)


def _cast_integer(value: Any, sql_type: str) -> int:
    return int(value) if isinstance(value, str | bool | int) else int(_rounded(value))


def _cast_decimal(value: Any, sql_type: str) -> Decimal:
    number = _to_decimal(value)
    scale = re.search(r",\s*(\d+)", sql_type)
    return number if scale is None else Decimal(_rounded(number, int(scale[1])))


def _cast_text(value: Any, sql_type: str) -> str:
    text = as_text(value) or ""
    limit = re.search(r"\((\d+)\)", sql_type)
    return text[: int(limit[1])] if limit else text


def _cast_date(value: Any, sql_type: str) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def _cast_datetime(value: Any, sql_type: str) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    return dt.datetime.fromisoformat(value)


def _cast_time(value: Any, sql_type: str) -> Any:
    return value.time() if isinstance(value, dt.datetime) else value


def _cast_boolean(value: Any, sql_type: str) -> bool:
    return bool(read_literal("boolean", value)) if isinstance(value, str) else bool(value)


_CASTS: dict[str, Callable[[Any, str], Any]] = {
    "integer": _cast_integer,
    "decimal": _cast_decimal,
    "float": lambda value, _: float(value),
    "text": _cast_text,
    "date": _cast_date,
    "datetime": _cast_datetime,
    "time": _cast_time,
    "boolean": _cast_boolean,
    "duration": lambda value, _: read_literal("interval", value) if isinstance(value, str) else value,
    "uuid": lambda value, _: value,
    "ip": lambda value, _: value,
}


def _trim(method: str) -> Callable[..., str]:
    return lambda text, chars=" ": getattr(text, method)(chars)


def _is_json(text: Any) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


_STRICT: dict[str, Callable[..., Any]] = {
    "=": _compare(operator.eq),
    "<>": _compare(operator.ne),
    "<": _compare(operator.lt),
    "<=": _compare(operator.le),
    ">": _compare(operator.gt),
    ">=": _compare(operator.ge),
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _modulo,
    "^": lambda a, b: operator.pow(*_numbers(float(a), float(b))),
    "&": operator.and_,
    "|": operator.or_,
    "#": operator.xor,
    "~": operator.invert,
    ">>": operator.rshift,
    "<<": _strictly_left,
    "neg": operator.neg,
    "abs": abs,
    "sign": lambda a: (a > 0) - (a < 0),
    "ceil": lambda a: math.ceil(a),
    "floor": lambda a: math.floor(a),
    "trunc": lambda a: math.trunc(a),
    "round": _rounded,
    "sqrt": lambda a: math.sqrt(a),
    "ln": lambda a: math.log(a),
    "exp": lambda a: math.exp(a),
    "scale": lambda a: max(0, -int(Decimal(str(a)).as_tuple().exponent)),
    "isnan": lambda a: math.isnan(a),
    "isfinite": lambda a: True,
    "||": lambda a, b: a + b if isinstance(a, list) else (as_text(a) or "") + (as_text(b) or ""),
    "lower": _end("lower"),
    "upper": _end("upper"),
    "lower_inf": _open_end("lower"),
    "upper_inf": _open_end("upper"),
    "lower_inc": lambda value: as_span(value).bounds[0] == "[",  # type: ignore[union-attr]
    "upper_inc": lambda value: as_span(value).bounds[1] == "]",  # type: ignore[union-attr]
    "isempty": lambda value: as_span(value).empty,  # type: ignore[union-attr]
    "initcap": lambda text: re.sub(r"[^\W_]+", lambda word: word[0].capitalize(), text),
    "trim": _trim("strip"),
    "ltrim": _trim("lstrip"),
    "rtrim": _trim("rstrip"),
    "reverse": lambda text: text[::-1],
    "ascii": lambda text: ord(text[0]) if text else 0,
    "length": len,
    "octet_length": lambda value: len(value.encode()) if isinstance(value, str) else len(value),
    "bit_length": lambda value: 8 * (len(value.encode()) if isinstance(value, str) else len(value)),
    "matches": lambda value, pattern: is_match(pattern, as_text(value) or ""),
    "regexp_replace": _regexp_replace,
    "regexp_substr": _regexp_substr,
    "regexp_count": lambda text, pattern: len(re.findall(pattern, text)),
    "replace": lambda text, old, new: text.replace(old, new),
    "repeat": lambda text, count: text * count,
    "substring": _substring,
    "left": lambda text, count: text[:count],
    "right": lambda text, count: text[-count:] if count > 0 else text[-count:] if count else "",
    "split_part": _split_part,
    "starts_with": lambda text, start: text.startswith(start),
    "position": lambda needle, text: text.find(needle) + 1,
    "string_to_array": lambda text, separator: text.split(separator) if text else [],
    "array_to_string": lambda array, separator: separator.join(
        as_text(i) or "" for i in array if i is not None
    ),
    "json_get": _json_get,
    "json_text": lambda document, path: as_text(_json_get(document, path)),
    "json_type": _json_type,
    "json_length": _json_length,
    "is_json": _is_json,
    "has": _has,
    "has_all": lambda document, keys: all(_has(document, key) for key in keys),
    "has_any": lambda document, keys: any(_has(document, key) for key in keys),
    "@>": _contains,
    "&&": _overlaps,
    "in_array": _in_array,
    "element": _element,
    "cardinality": len,
    "array_length": lambda array: len(array) or None,
    "array_ndims": lambda array: 1 if array else None,
    "array_position": _position_in,
    "array_remove": lambda array, item: [one for one in array if one != item],
    "extract": _extract,
    "date_trunc": _date_trunc,
    "timezone": _timezone,
    "make_date": dt.date,
    "family": lambda address: 4 if ":" not in str(address) else 6,
    "masklen": lambda address: ipaddress.ip_interface(str(address)).network.prefixlen,
    "cast": cast,
}
