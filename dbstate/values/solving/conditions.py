"""For each kind of condition, a way to make it true or false."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

from dbstate.values.solving import patterns
from dbstate.values.solving.evaluation import Unknown, evaluate
from dbstate.values.solving.literals import Span, as_span
from dbstate.values.solving.scene import (
    TRIES,
    Maker,
    Row,
    Scene,
    any_of,
    best,
    branch,
    branches,
    each,
    filled,
    given,
    is_condition,
    known,
    made,
    present,
    shaken,
    shuffled,
)
from dbstate.values.solving.steps import distances, goals, steps_of
from dbstate.values.solving.terms import FLIPPED, OPPOSITE, Call, Name, Term, Value, call, names, negated


def _make_and(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    return (each if want else any_of)(scene, term.args, want, row, depth)


def _make_or(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    return (any_of if want else each)(scene, term.args, want, row, depth)


def _make_not(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    return made(scene, term.args[0], not want, row, depth)


def _make_case(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    def finish(part: Term, now: Row) -> Row | None:
        return made(scene, part, want, now, depth)

    return best(scene, (branch(scene, term, at, finish, row, depth) for at in branches(scene, term)))


def _make_coalesce(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    return best(scene, (made(scene, part, want, row, depth) for part in term.args))


def _make_null(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    subject = term.args[0]
    if isinstance(subject, Name) and not want:
        return filled(scene, subject, row)
    if want:
        return given(scene, subject, None, row, depth)
    whole = filled(scene, subject, row)
    if whole is not None and known(term, whole) is False:
        return whole
    inverse = _PRESENT.get(subject.op) if isinstance(subject, Call) else None
    return (
        inverse(scene, subject, whole or row, depth)
        if inverse is not None and isinstance(subject, Call)
        else None
    )


def _present_key(scene: Scene, subject: Call, row: Row, depth: int) -> Row | None:
    for value in ("a", 1, "x1", {"a": 1}):
        changed = given(scene, subject, value, row, depth)
        if changed is not None:
            return changed
    return None


def _present_item(scene: Scene, subject: Call, row: Row, depth: int) -> Row | None:
    return made(scene, call("in_array", subject.args[1], subject.args[0]), True, row, depth)


def _present_nullif(scene: Scene, subject: Call, row: Row, depth: int) -> Row | None:
    return made(scene, Call("<>", subject.args), True, row, depth)


def _present_any(scene: Scene, subject: Call, row: Row, depth: int) -> Row | None:
    return best(scene, (filled(scene, part, row) for part in subject.args))


_PRESENT: dict[str, Callable[[Scene, Call, Row, int], Row | None]] = {
    "json_get": _present_key,
    "json_text": _present_key,
    "array_position": _present_item,
    "nullif": _present_nullif,
    "coalesce": _present_any,
}


def _make_same(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    left, right = term.args
    if isinstance(right, Value) and isinstance(right.value, bool):
        return made(scene, left, right.value is want, row, depth)
    if want:
        return made(scene, Call("=", term.args), True, row, depth)
    ways = (Call("<>", term.args), call("is_null", left), call("is_null", right))
    return best(scene, (made(scene, way, True, row, depth) for way in ways))


def _compare(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    op = term.op if want else OPPOSITE[term.op]
    left, right = term.args
    if op in ("=", "<>") and (is_condition(left) or is_condition(right)):
        return _made_alike(scene, left, right, op == "=", row, depth)
    return best(scene, _compared(scene, op, left, right, row, depth))


def _made_alike(scene: Scene, left: Term, right: Term, alike: bool, row: Row, depth: int) -> Row | None:
    def ways() -> Iterator[Row | None]:
        current = known(left, row)
        order = [current, not current] if current is not None else [True, False]
        for state in shuffled(scene, tuple(order)):
            sides = (left if state else negated(left), right if state is alike else negated(right))
            yield each(scene, sides, True, row, depth)

    return best(scene, ways())


def _compared(scene: Scene, op: str, left: Term, right: Term, row: Row, depth: int) -> Iterator[Row | None]:
    """Rows in which one side was given a value that makes the comparison true."""
    goal_term = Call(op, (left, right))
    whole = filled(scene, goal_term, row)
    row = whole if whole is not None else row
    yield whole if whole is not None and known(goal_term, whole) is True else None
    for target, other, sense in shuffled(scene, ((left, right, op), (right, left, FLIPPED[op]))):
        if not names(target) - scene.fixed:
            continue
        try:
            value = evaluate(other, row)
        except Unknown:
            continue
        if value is None:
            continue
        for goal in goals(scene, sense, value, present(target, row)):
            changed = given(scene, target, goal, row, depth)
            if changed is not None and known(goal_term, changed) is not False:
                yield changed


def _make_in(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    item, several = term.args
    return best(scene, _in_array(scene, item, several, want, row, depth))


def _in_array(
    scene: Scene, item: Term, several: Term, want: bool, row: Row, depth: int
) -> Iterator[Row | None]:
    options, one = present(several, row), present(item, row)
    if names(item) - scene.fixed and isinstance(options, list):
        if want:
            for option in shuffled(scene, tuple(options)):
                yield given(scene, item, option, row, depth)
        else:
            yield shaken(scene, call("in_array", item, several), False, row)
    if names(several) - scene.fixed:
        kept = options if isinstance(options, list) else []
        changed = [*kept, one] if want else [kind for kind in kept if kind != one]
        yield given(scene, several, changed, row, depth)
        if want:
            yield given(scene, several, [one, *kept[:-1]], row, depth)


def _make_matches(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    subject, pattern = term.args
    if not isinstance(pattern, Value) or not isinstance(pattern.value, str):
        return None
    texts = _matching(scene, subject, pattern.value, row) if want else _unlike(scene, subject, row)
    options = (given(scene, subject, text, row, depth) for text in texts)
    return best(scene, (made for made in options if made is not None and known(term, made) is want))


def _matching(scene: Scene, subject: Term, pattern: str, row: Row) -> Iterator[str]:
    current = present(subject, row)
    for text in patterns.variants(current) if isinstance(current, str) else ():
        try:
            if patterns.is_match(pattern, text):
                yield text
        except ValueError:
            return
    shorter = scene.random.random() < 0.3
    for number, text in enumerate(patterns.texts(pattern, scene.random, shorter=shorter)):
        yield text
        if number > 3 * TRIES:
            return
    yield from patterns.texts(pattern, scene.random, shorter=True)


def _unlike(scene: Scene, subject: Term, row: Row) -> Iterator[str]:
    current = present(subject, row)
    text = current if isinstance(current, str) else "a"
    yield from patterns.variants(text)
    yield from (text[::-1], text + "x", "x" + text, "a" + text[1:], "x1", "abc", "12", "Z", "word")


def _make_starts(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    subject, start = term.args
    prefix, text = present(start, row), present(subject, row)
    if not isinstance(prefix, str):
        return None
    rest = text if isinstance(text, str) else "a1"
    made = (
        (prefix + rest, prefix + rest[len(prefix) :], prefix)
        if want
        else (rest[1:] + "x", "x" + rest, rest[::-1])
    )
    return best(scene, (given(scene, subject, one, row, depth) for one in made))


def _make_has(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    subject, key = term.args
    keys = present(key, row)
    document = present(subject, row)
    several = list(keys) if isinstance(keys, list) else [keys]
    if term.op == "has_any" and want:
        several = [scene.random.choice(several)]
    if isinstance(document, list):
        kept = [item for item in document if item not in several]
        return given(scene, subject, kept + several if want else kept, row, depth)
    plain = dict(document) if isinstance(document, dict) else {}
    if want:
        changed = {**plain, **{str(name): plain.get(str(name), "a") for name in several}}
    else:
        gone = several[:1] if term.op == "has_all" else several
        changed = {name: value for name, value in plain.items() if name not in gone} or {"b1": 1}
    return given(scene, subject, changed, row, depth)


def _make_contains(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    left, right = term.args
    return best(scene, _containing(scene, left, right, want, row, depth))


def _containing(
    scene: Scene, left: Term, right: Term, want: bool, row: Row, depth: int
) -> Iterator[Row | None]:
    outer, inner = present(left, row), present(right, row)
    if names(left) - scene.fixed:
        for value in _holding(scene, outer, inner) if want else _not_holding(outer, inner):
            yield given(scene, left, value, row, depth)
    if names(right) - scene.fixed:
        for value in _held(scene, outer, inner) if want else ():
            yield given(scene, right, value, row, depth)


def _holding(scene: Scene, outer: Any, inner: Any) -> Iterator[Any]:
    if isinstance(inner, dict):
        yield _merged(outer if isinstance(outer, dict) else {}, inner)
    elif isinstance(inner, list):
        kept = outer if isinstance(outer, list) else []
        yield [*kept, *(item for item in inner if item not in kept)]
        yield inner
    elif isinstance(outer, list):
        yield [*outer, inner]
    else:
        yield from _around(scene, inner)


def _around(scene: Scene, inner: Any) -> Iterator[Any]:
    """Ranges that hold a value or a range."""
    span = as_span(inner) or Span(inner, inner, "[]")
    steps = steps_of(span.lower) or [None]
    for step in steps:
        try:
            low, high = span.lower - step, span.upper + step
        except TypeError:
            low, high = span.lower, span.upper
        yield Span(low, high, "[]")
    yield Span(span.lower, span.upper, "[]")


def _not_holding(outer: Any, inner: Any) -> Iterator[Any]:
    if isinstance(outer, dict) and isinstance(inner, dict):
        yield {key: value for key, value in outer.items() if key not in inner} or {"b1": 1}
    elif isinstance(outer, list):
        wanted = inner if isinstance(inner, list) else [inner]
        yield [item for item in outer if item not in wanted]


def _held(scene: Scene, outer: Any, inner: Any) -> Iterator[Any]:
    if isinstance(outer, dict):
        kept = (
            {key: value for key, value in (inner or {}).items() if key in outer}
            if isinstance(inner, dict)
            else {}
        )
        yield kept or outer
        return
    if isinstance(outer, list):
        kept_items = [item for item in inner if item in outer] if isinstance(inner, list) else []
        if kept_items:
            yield kept_items
        yield scene.random.sample(outer, scene.random.randint(1, len(outer))) if outer else []
        return
    yield from _inside(scene, as_span(outer), inner)


def _inside(scene: Scene, span: Span | None, inner: Any) -> Iterator[Any]:
    """Values or ranges within a range."""
    if span is None or span.empty:
        return
    low, high = span.lower, span.upper
    if as_span(inner) is not None:
        yield span
        return
    for end, sense in ((low, ">="), (high, "<=")):
        if end is not None:
            yield from goals(scene, sense, end, None)


def _merged(outer: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    merged = dict(outer)
    for key, value in inner.items():
        before = merged.get(key)
        merged[key] = (
            _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
        )
    return merged


def _make_overlap(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    def ways() -> Iterator[Row | None]:
        for target, other in (term.args, term.args[::-1]):
            value, current = present(other, row), present(target, row)
            if not names(target) - scene.fixed:
                continue
            if isinstance(value, list) and want:
                kept = current if isinstance(current, list) else []
                yield given(scene, target, [*kept, scene.random.choice(value)] if value else kept, row, depth)
            elif isinstance(value, list):
                yield given(scene, target, [one for one in current or () if one not in value], row, depth)
            else:
                yield from (
                    given(scene, target, span, row, depth) for span in _placed(scene, as_span(value), want)
                )

    return best(scene, ways())


def _placed(scene: Scene, span: Span | None, want: bool) -> Iterator[Span]:
    if span is None:
        return
    if want:
        yield span
        yield from _around(scene, span)
        return
    yield from _beside(scene, span)


def _beside(scene: Scene, span: Span) -> Iterator[Span]:
    """Ranges just above and just below another one."""
    for end, after in ((span.upper, True), (span.lower, False)):
        if end is None:
            continue
        for distance in distances(scene, end):
            try:
                yield Span(end, end + distance, "[)") if after else Span(end - distance, end, "[)")
            except (TypeError, OverflowError):
                continue


def _make_adjacent(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    def ways() -> Iterator[Row | None]:
        for target, other in (term.args, term.args[::-1]):
            span = as_span(present(other, row))
            if names(target) - scene.fixed and span is not None:
                yield from (given(scene, target, beside, row, depth) for beside in _beside(scene, span))

    return best(scene, ways()) if want else None


def _make_left_of(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    subject, other = term.args
    value = present(other, row)
    if isinstance(value, str) and "/" in value:
        network = ipaddress.ip_network(value, strict=False)
        picks = (
            network[scene.random.randrange(1, max(2, min(network.num_addresses - 1, 2**30)))]
            for _ in range(4)
        )
        texts = (str(pick) for pick in picks) if want else iter(["192.0.2.7", "203.0.113.9", "2001:db8::7"])
        return best(scene, (given(scene, subject, text, row, depth) for text in texts))
    span = as_span(value)
    if span is None or not want:
        return None
    places = [one for one in _beside(scene, span) if one.upper == span.lower]
    return best(scene, (given(scene, subject, one, row, depth) for one in places))


def _make_empty(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    if want:
        return given(scene, term.args[0], Span(None, None, "[)", True), row, depth)
    sample = next((scene.samples.get(name) for name in sorted(names(term))), None)
    return given(scene, term.args[0], sample, row, depth)


def _make_open(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    return given(scene, call(term.op[:5], term.args[0]), None, row, depth) if want else None


def _make_json(scene: Scene, term: Call, want: bool, row: Row, depth: int) -> Row | None:
    texts = ('{"a": 1}', "[1, 2]", "1") if want else ("word", "{a")
    return best(scene, (given(scene, term.args[0], text, row, depth) for text in texts))


MAKERS: dict[str, Maker] = {
    "and": _make_and,
    "or": _make_or,
    "not": _make_not,
    "case": _make_case,
    "coalesce": _make_coalesce,
    "is_null": _make_null,
    "same": _make_same,
    "in_array": _make_in,
    "matches": _make_matches,
    "starts_with": _make_starts,
    "has": _make_has,
    "has_all": _make_has,
    "has_any": _make_has,
    "@>": _make_contains,
    "&&": _make_overlap,
    "adjacent": _make_adjacent,
    "<<": _make_left_of,
    "isempty": _make_empty,
    "lower_inf": _make_open,
    "upper_inf": _make_open,
    "is_json": _make_json,
    **dict.fromkeys(OPPOSITE, _compare),
}
