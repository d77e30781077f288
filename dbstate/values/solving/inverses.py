"""For each operation, a way to give it a value through what it is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from dbstate.values.solving.evaluation import Unknown, as_text, evaluate
from dbstate.values.solving.literals import Span, as_span, kind_of
from dbstate.values.solving.scene import (
    TRIES,
    Inverse,
    Row,
    Scene,
    best,
    branch,
    branches,
    each,
    given,
    is_condition,
    made,
    present,
    shuffled,
)
from dbstate.values.solving.steps import steps_of
from dbstate.values.solving.terms import Call, Name, Term, Value, call, names, negated


def _first(change: Callable[..., Any]) -> Inverse:
    """An inverse that gives the first argument ``change(goal, other arguments…, current value)``."""

    def inverse(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
        others = [evaluate(arg, row) for arg in term.args[1:]]
        if any(other is None for other in others):
            return None
        return given(scene, term.args[0], change(goal, *others, evaluate(term.args[0], row)), row, depth)

    return inverse


def _same_goal(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    return given(scene, term.args[0], goal, row, depth)


def _two_sided(to_left: str, to_right: str) -> Inverse:
    """An inverse of an arithmetic operation: ``goal`` and the other side make a side."""

    def inverse(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
        left, right = term.args
        ways = shuffled(scene, ((left, right, to_left), (right, left, to_right)))
        return best(scene, (_side(scene, way, goal, row, depth) for way in ways))

    return inverse


def _side(scene: Scene, way: tuple[Term, Term, str], goal: Any, row: Row, depth: int) -> Row | None:
    target, other, op = way
    if not names(target) - scene.fixed:
        return None
    value = present(other, row)
    if value is None:
        return None
    pair = (Value(value), Value(goal)) if op.startswith("other") else (Value(goal), Value(value))
    try:
        needed = evaluate(Call(op[-1], pair), row)
    except Unknown:
        return None
    return given(scene, target, needed, row, depth)


def _given_product(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    left, right = term.args

    def ways() -> Iterator[Row | None]:
        for target, other in shuffled(scene, ((left, right), (right, left))):
            value = present(other, row)
            if not names(target) - scene.fixed or not value:
                continue
            exact = (
                Decimal(str(goal)) / Decimal(str(value))
                if not isinstance(goal, dt.timedelta)
                else goal / value
            )
            yield given(scene, target, exact, row, depth)
        for target, other in ((left, right), (right, left)):
            one = given(scene, other, 1, row, depth)
            yield None if one is None else given(scene, target, goal, one, depth)

    return best(scene, ways())


def _given_quotient(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    left, right = term.args
    return best(
        scene, (_side(scene, way, goal, row, depth) for way in ((left, right, "*"), (right, left, "other/")))
    )


def _given_rest(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    """``left % m = goal``: the nearest values of left, up and down by whole multiples of m."""
    left, right = term.args
    value, modulus = present(left, row), present(right, row)
    if value is None or not modulus or not 0 <= abs(goal) < abs(modulus):
        return None
    base = value - evaluate(Call("%", (Value(value), Value(modulus))), row) + goal
    nearby = [base + turn * abs(modulus) for turn in (0, 1, -1, 2, -2, 3, -3)]
    return best(scene, (given(scene, left, one, row, depth) for one in nearby))


def _given_power(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    power = present(term.args[1], row)
    return (
        given(scene, term.args[0], round(float(goal) ** (1 / float(power)), 9), row, depth) if power else None
    )


def _given_extreme(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    op = "<=" if term.op == "greatest" else ">="
    for part in shuffled(scene, term.args):
        others = tuple(call(op, other, Value(goal)) for other in term.args if other is not part)
        changed = given(scene, part, goal, row, depth)
        changed = each(scene, others, True, changed, depth) if changed is not None else None
        if changed is not None:
            return changed
    return None


def _given_nulls(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    count = len(term.args) - goal if term.op == "num_nonnulls" else goal
    if not 0 <= count <= len(term.args):
        return None
    free = [part for part in term.args if names(part) <= scene.nullable]
    if count > len(free):
        return None
    empty = scene.random.sample(free, int(count))
    conditions = tuple(
        call("is_null", part) if part in empty else negated(call("is_null", part)) for part in term.args
    )
    return each(scene, conditions, True, row, depth)


def _given_cast(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    inside, target = term.args
    plain = kind_of(str(evaluate(target, row))) in ("integer", "decimal", "float", "boolean")
    if plain and isinstance(inside, Call) and inside.op == "json_text":
        return given(scene, Call("json_get", inside.args), _json_number(goal), row, depth)
    if is_condition(inside) or _is_boolean(scene, inside):
        return made(scene, inside, bool(goal), row, depth) if goal in (0, 1) else None
    current = present(inside, row)
    if isinstance(current, str) and isinstance(goal, int | Decimal) and not isinstance(goal, bool):
        if goal < 0 or goal != int(goal):
            return given(scene, inside, str(goal), row, depth)
        return given(scene, inside, str(int(goal)).zfill(len(current)), row, depth)
    if isinstance(current, dt.datetime) and isinstance(goal, dt.date) and not isinstance(goal, dt.datetime):
        goal = dt.datetime.combine(goal, current.timetz())
    return given(scene, inside, goal, row, depth)


def _is_boolean(scene: Scene, term: Term) -> bool:
    return isinstance(term, Name) and scene.columns[term.column].kind == "boolean"


def _json_number(goal: Any) -> Any:
    if isinstance(goal, Decimal):
        return int(goal) if goal == goal.to_integral_value() else float(goal)
    return goal


def _given_case(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    def finish(part: Term, now: Row) -> Row | None:
        return now if present(part, now) == goal else given(scene, part, goal, now, depth)

    return best(scene, (branch(scene, term, at, finish, row, depth) for at in branches(scene, term)))


def _given_coalesce(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    if goal is None:
        return each(scene, tuple(call("is_null", part) for part in term.args), True, row, depth)
    return best(scene, (given(scene, part, goal, row, depth) for part in term.args[:1]))


def _given_nullif(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    return given(scene, term.args[0], evaluate(term.args[1], row) if goal is None else goal, row, depth)


def _to_length(goal: Any, text: Any) -> Any:
    size = int(goal)
    if size < 0 or size > 10_000:
        raise ValueError("no such length")
    if isinstance(text, bytes):
        return (text or b"x").ljust(size, b"x")[:size]
    plain = text if isinstance(text, str) else ""
    return plain[:size] if len(plain) >= size else (plain + (plain or "word") * size)[:size]


def _to_size(goal: Any, text: Any) -> Any:
    if isinstance(text, bytes):
        return _to_length(goal, text)
    if not 0 <= goal <= 10_000:
        raise ValueError("no such length")
    kept = text if isinstance(text, str) else ""
    while len(kept.encode()) > goal:
        kept = kept[:-1]
    return kept + "x" * (int(goal) - len(kept.encode()))


def _resized(goal: Any, array: Any) -> list[Any]:
    size = int(goal or 0)
    if not 0 <= size <= 10_000:
        raise ValueError("no such length")
    kept = list(array or ())[:size]
    return kept + [kept[at % len(kept)] if kept else 1 for at in range(size - len(kept))]


def _given_size(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    """An array cut or lengthened, by items of other usual arrays where there are."""
    subject = term.args[0]
    current = list(present(subject, row) or ())
    size = int(goal or 0)
    for column in sorted(names(subject)):
        for _ in range(TRIES):
            more = scene.draw(column, scene.random) if len(current) < size else None
            if isinstance(more, list):
                current += [item for item in more if item not in current]
    return given(scene, subject, _resized(goal, current), row, depth)


def _given_json(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    subject, path = term.args
    steps = evaluate(path, row)
    return given(
        scene, subject, _planted(evaluate(subject, row), list(steps), _json_number(goal)), row, depth
    )


def _planted(document: Any, steps: list[Any], goal: Any) -> Any:
    """The document with ``goal`` at the path; taken out there when the goal is None."""
    if not steps:
        return goal
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        items = list(document) if isinstance(document, list) else []
        items += [items[-1] if items else "a"] * (step + 1 - len(items))
        items[step] = _planted(items[step], rest, goal)
        return items
    plain = dict(document) if isinstance(document, dict) else {}
    if goal is None and not rest:
        plain.pop(step, None)
        return plain or {"b1": 1}
    return {**plain, step: _planted(plain.get(step), rest, goal)}


_OF_TYPE = {"object": {"a": 1}, "array": ["a", "b"], "string": "a", "number": 1, "boolean": True}


def _span_end(which: str) -> Callable[[Any, Any], Any]:
    def change(goal: Any, current: Any) -> Any:
        if isinstance(current, str) and as_span(current) is None:
            if getattr(goal, which)() != goal:
                raise ValueError("no text has this case")
            return goal
        span = as_span(current) or Span(None, None)
        low: Any
        high: Any
        low, high = (goal, span.upper) if which == "lower" else (span.lower, goal)
        if low is not None and high is not None and low >= high:
            high = low + steps_of(low)[-1] if which == "lower" else high
            low = low if which == "lower" else high - steps_of(high)[-1]
        return Span(low, high, span.bounds)

    return change


def _to_substring(goal: str, start: int, *rest: Any) -> str:
    length, text = (rest[0], rest[1]) if len(rest) == 2 else (None, rest[0])
    text = text or ""
    end = len(text) if length is None else start - 1 + length
    if length is not None and len(goal) != length:
        raise ValueError("not of this length")
    return text[: start - 1].ljust(start - 1, "0") + goal + text[end:]


def _to_part(goal: str, separator: str, index: int, text: str | None) -> str:
    parts = (text or "").split(separator)
    at = index - 1 if index > 0 else len(parts) + index
    parts += ["a"] * (at + 1 - len(parts))
    parts[at] = goal
    return separator.join(part or "a" if number < at else part for number, part in enumerate(parts))


def _given_position(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    needle, text = evaluate(term.args[0], row), present(term.args[1], row) or ""
    plain = text.replace(needle, "")
    if goal <= 0:
        return given(scene, term.args[1], plain or "a", row, depth)
    before = (plain + "a" * goal)[: goal - 1]
    return given(scene, term.args[1], before + needle + (plain[goal - 1 :] or "a"), row, depth)


def _given_concat(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    if isinstance(goal, list) or not isinstance(goal, str):
        return None
    for at, part in enumerate(term.args):
        if not names(part) - scene.fixed:
            continue
        texts = [as_text(present(other, row)) or "" for other in term.args]
        before, after = "".join(texts[:at]), "".join(texts[at + 1 :])
        if goal.startswith(before) and goal.endswith(after) and len(goal) >= len(before) + len(after):
            changed = given(scene, part, goal[len(before) : len(goal) - len(after)], row, depth)
            if changed is not None:
                return changed
    return None


def _to_part_of_date(goal: Any, part: Any, value: Any) -> Any:
    if isinstance(value, dt.timedelta) or (value is None and part == "epoch"):
        return dt.timedelta(seconds=float(goal))
    if part == "epoch":
        return dt.datetime.fromtimestamp(float(goal), dt.UTC)
    if part in ("dow", "isodow", "week_day", "iso_week_day"):
        return value + dt.timedelta(days=int(goal) % 7 - value.isoweekday() % 7)
    if part == "doy":
        return value.replace(month=1, day=1) + dt.timedelta(days=int(goal) - 1)
    if part == "quarter":
        return value.replace(month=int(goal) * 3 - 2, day=min(value.day, 28))
    if part in ("year", "month"):
        return value.replace(**{part: int(goal)}, day=min(value.day, 28))
    return value.replace(**{part: int(goal)})


def _extract_inverse(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    part, subject = term.args
    return given(
        scene, subject, _to_part_of_date(goal, evaluate(part, row), present(subject, row)), row, depth
    )


def _second(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    return given(scene, term.args[1], goal, row, depth)


def _zoned_inverse(scene: Scene, term: Call, goal: Any, row: Row, depth: int) -> Row | None:
    zone = evaluate(term.args[1], row)
    moment = goal if isinstance(goal, dt.datetime) else dt.datetime.combine(goal, dt.time())
    return given(scene, term.args[0], evaluate(call("timezone", Value(moment), Value(zone)), row), row, depth)


def _put_element(goal: Any, index: int, array: Any) -> list[Any]:
    items = list(array or ())
    items += [items[-1] if items else goal] * (index + 1 - len(items))
    items[index] = goal
    return items


INVERSES: dict[str, Inverse] = {
    "+": _two_sided("-", "-"),
    "-": _two_sided("+", "other-"),
    "*": _given_product,
    "/": _given_quotient,
    "%": _given_rest,
    "^": _given_power,
    "#": _two_sided("#", "#"),
    "&": _first(lambda goal, mask, value: (value & ~mask) | goal),
    "|": _same_goal,
    "neg": _first(lambda goal, value: -goal),
    "abs": _first(lambda goal, value: -goal if value is not None and value < 0 else goal),
    "sqrt": _first(lambda goal, value: goal * goal),
    "ceil": _same_goal,
    "floor": _same_goal,
    "trunc": _same_goal,
    "round": _same_goal,
    "timezone": _zoned_inverse,
    "greatest": _given_extreme,
    "least": _given_extreme,
    "num_nulls": _given_nulls,
    "num_nonnulls": _given_nulls,
    "cast": _given_cast,
    "case": _given_case,
    "coalesce": _given_coalesce,
    "nullif": _given_nullif,
    "length": _first(_to_length),
    "octet_length": _first(_to_size),
    "cardinality": _given_size,
    "array_length": _given_size,
    "json_length": _first(_resized),
    "json_get": _given_json,
    "json_text": _given_json,
    "json_type": _first(lambda goal, value: _OF_TYPE[goal]),
    "element": _first(_put_element),
    "array_position": _first(
        lambda goal, item, array: [one for one in array if one != item] if goal is None
        else [*[one for one in array if one != item][: goal - 1], item]
    ),
    "lower": _first(_span_end("lower")),
    "upper": _first(_span_end("upper")),
    "initcap": _same_goal,
    "trim": _same_goal,
    "ltrim": _same_goal,
    "rtrim": _same_goal,
    "regexp_replace": _same_goal,
    "regexp_substr": _same_goal,
    "replace": _same_goal,
    "reverse": _first(lambda goal, text: goal[::-1]),
    "ascii": _first(lambda goal, text: chr(int(goal)) + (text or "a")[1:]),
    "substring": _first(_to_substring),
    "left": _first(lambda goal, count, text: goal + (text or "")[count:] if len(goal) == count else goal),
    "right": _first(lambda goal, count, text: (text or "")[:-count] + goal),
    "split_part": _first(_to_part),
    "position": _given_position,
    "||": _given_concat,
    "concat": _given_concat,
    "string_to_array": _first(lambda goal, separator, text: separator.join(map(str, goal))),
    "array_to_string": _first(lambda goal, separator, array: goal.split(separator)),
    "regexp_count": _first(lambda goal, pattern, text: text),
    "extract": _extract_inverse,
    "date_trunc": _second,
}  # fmt: skip
