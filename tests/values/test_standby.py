"""Columns whose validators refuse what is usual: a pool of accepted values is sought, once."""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from ipaddress import ip_address, ip_network
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from dbstate.catalog import Column, Table
from dbstate.errors import DbstateError
from dbstate.values import EDGES, MISSING, ColumnValues, NoValue, Setting, ValueRefused, column_values

SETTING = Setting(seed=1, now=datetime(2025, 6, 1, tzinfo=UTC))


def values(
    kind: str, rule: Callable[[Any], object], *, unique: bool = False, made: Any = None, **facts: Any
) -> ColumnValues:
    one = Column("x", "x", kind, str(facts.pop("sql_type", "")), judged=True, **facts)  # type: ignore[arg-type]  # test facts

    def accept(value: object) -> object:
        try:
            holds = rule(value)
        except Exception as error:
            raise DbstateError(f"{type(error).__name__}: {error}") from error
        if not holds:
            raise DbstateError(f"{value!r} does not hold")
        return value

    table = Table("t", "shop.Thing", (one,), ("id",))
    return column_values(table, one, SETTING, unique=unique, accept=accept, made=made)


def digits_sum(text: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(text, weights, strict=False))


def is_cpf(text: str) -> bool:
    plain = re.sub(r"\D", "", text)
    if len(plain) != 11 or len(set(plain)) == 1:
        return False
    return all(
        digits_sum(plain, tuple(range(size + 1, 1, -1))) * 10 % 11 % 10 == int(plain[size])
        for size in (9, 10)
    )


def is_iban(text: str) -> bool:
    moved = text[4:] + text[:4]
    return len(text) > 14 and int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def is_luhn(text: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(text))]
    return len(text) > 11 and sum(sum(divmod(digit, 10)) for digit in doubled) % 10 == 0


def is_vin(text: str) -> bool:
    letters = dict(
        zip("ABCDEFGHJKLMNPRSTUVWXYZ", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True)
    )
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    parts = [int(letter) if letter.isdigit() else letters[letter] for letter in text]
    total = sum(part * weight for part, weight in zip(parts, weights, strict=True)) % 11
    return text[8] == ("X" if total == 10 else str(total))


RULES: dict[str, tuple[str, Callable[[Any], object]]] = {
    "multiple of 15": ("integer", lambda value: value % 15 == 0),
    "3 more than a multiple of 7": ("integer", lambda value: value % 7 == 3),
    "multiple of 360": ("integer", lambda value: value > 0 and value % 360 == 0),
    "negative": ("integer", lambda value: value < 0),
    "prime": (
        "integer",
        lambda value: value > 1 and all(value % other for other in range(2, int(value**0.5) + 1)),
    ),
    "status of http": ("integer", lambda value: 200 <= value < 600),
    "twentieths": ("decimal", lambda value: value % Decimal("0.05") == 0 and value > 0),
    "between nought and one": ("float", lambda value: 0 < value < 1),
    "a Monday": ("date", lambda value: value.weekday() == 0),
    "first of a month": ("date", lambda value: value.day == 1),
    "last of a month": ("date", lambda value: value.day == calendar.monthrange(value.year, value.month)[1]),
    "of age": ("date", lambda value: value < date(2000, 1, 1)),
    "midnight": ("datetime", lambda value: (value.hour, value.minute) == (0, 0)),
    "quarter of an hour": ("time", lambda value: value.minute % 15 == 0),
    "whole days": ("duration", lambda value: value.days > 0 and value.seconds == 0),
    "letter first": ("text", lambda value: value[0].isalpha() and value.isascii()),
    "no digit": ("text", lambda value: not re.search(r"\d", value)),
    "two words": ("text", lambda value: len(value.split()) == 2),
    "cpf": ("text", is_cpf),
    "iban": ("text", is_iban),
    "luhn": ("text", lambda value: is_luhn(value)),
    "vin": ("text", is_vin),
    "hex of 20 bytes": ("text", lambda value: len(bytes.fromhex(value)) == 20),
    "ip": ("text", ip_address),
    "network": ("text", lambda value: "/" in value and ip_network(value)),
    "mac": ("text", lambda value: re.fullmatch(r"([0-9A-F]{2}:){5}[0-9A-F]{2}", value)),
    "cron": (
        "text",
        lambda value: len(value.split()) == 5 and all(re.fullmatch(r"[\d*/,-]+", p) for p in value.split()),
    ),
    "semantic version": ("text", lambda value: re.fullmatch(r"\d+\.\d+\.\d+", value)),
    "recurrence": ("text", lambda value: value.startswith("RRULE:FREQ=")),
    "identifier": ("text", str.isidentifier),
    "dotted path": (
        "text",
        lambda value: "." in value and all(part.isidentifier() for part in value.split(".")),
    ),
    "list in JSON": ("text", lambda value: json.loads(value)[0]),
    "name and address": ("text", lambda value: re.fullmatch(r".+ <.+@example\.\w+>", value)),
    "day/month/year": ("text", lambda value: datetime.strptime(value, "%d/%m/%Y")),
    "position": ("text", lambda value: [float(part) for part in value.split(",")][1] <= 180),
    "uuid": ("text", UUID),
    "list of texts": (
        "json",
        lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    ),
    "object of texts": ("json", lambda value: value and all(isinstance(one, str) for one in value.values())),
    "keys that only the error names": ("json", lambda value: value["warp"] and value["weft"]),
    "seven of them": ("array", lambda value: len(value) == 7),
    "uuid of another version": ("uuid", lambda value: value.version in (1, 7)),
    "32 bytes": ("bytes", lambda value: len(value) == 32),
}


def facts_of(kind: str) -> dict[str, Any]:
    if kind == "text":
        return {"max_length": 64}
    if kind == "decimal":
        return {"max_digits": 6, "decimal_places": 2}
    return {"element": Column("x", "x", "integer", "integer")} if kind == "array" else {}


@pytest.mark.parametrize("name", RULES)
def test_each_row_has_an_accepted_value(name: str) -> None:
    kind, rule = RULES[name]
    made = values(kind, rule, **facts_of(kind))
    found = [made.realistic(row) for row in range(12)]
    assert all(rule(value) for value in found)
    assert len({repr(value) for value in found}) > 1
    for edge in EDGES:
        value = made.edge(edge, 3)
        assert value is MISSING or rule(value)


@pytest.mark.parametrize(
    "name", ["multiple of 15", "prime", "cpf", "iban", "mac", "hex of 20 bytes", "letter first"]
)
def test_unique_values_are_accepted_and_differ(name: str) -> None:
    kind, rule = RULES[name]
    made = values(kind, rule, unique=True, **facts_of(kind))
    found = [made.realistic(row) for row in range(40)]
    found += [
        value for row in range(3, 10) for edge in EDGES if (value := made.edge(edge, row)) is not MISSING
    ]
    assert all(rule(value) for value in found)
    assert len({repr(value) for value in found[:40]}) == 40


def test_rows_do_not_depend_on_what_was_asked_before() -> None:
    kind, rule = RULES["multiple of 15"]
    one, other = values(kind, rule), values(kind, rule)
    forwards = [one.realistic(row) for row in range(30)]
    backwards = [other.realistic(row) for row in reversed(range(30))]
    assert forwards == backwards[::-1]


def test_pooled_documents_are_not_shared() -> None:
    made = values("json", lambda value: value["warp"])
    found = made.realistic(0)
    assert isinstance(found, dict)
    found["warp"] = "changed"
    assert made.realistic(0) != found


def test_what_nothing_meets_is_refused_by_name() -> None:
    with pytest.raises(NoValue, match=r"shop\.Thing\.x"):
        values("text", lambda value: False, max_length=40).realistic(0)


def test_what_cannot_be_shown_is_no_value() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise KeyError("value")

    one = Column("x", "x", "json", "jsonb", judged=True)
    table = Table("t", "shop.Thing", (one,), ("id",))
    made = column_values(
        table, one, SETTING, accept=lambda value: value if isinstance(value, int) else Broken()
    )
    assert {type(made.realistic(row)) for row in range(6)} <= {int, bool}


def test_what_validators_mention_is_tried() -> None:
    made = values("text", lambda value: value.startswith("wip://"), max_length=40, hints=("wip://", 7))
    assert {str(made.realistic(row))[:6] for row in range(8)} == {"wip://"}
    made = values("integer", lambda value: value in (90_211, 90_213), sql_type="integer", hints=(90_212,))
    assert {made.realistic(row) for row in range(8)} == {90_211, 90_213}
    made = values(
        "text",
        lambda value: re.fullmatch(r"[PQ]{3}:\d{4}", value),
        hint_patterns=(r"[PQ]{3}:\d{4}",),
        max_length=9,
    )
    assert len({made.realistic(row) for row in range(12)}) > 3


def test_a_fixed_default_is_taken_where_nothing_else_is() -> None:
    made = values("text", lambda value: value == "warp and weft", made=lambda: "warp and weft", max_length=40)
    assert made.realistic(5) == "warp and weft"


def test_of_a_random_default_only_the_shape_is_taken() -> None:
    numbers = count()
    shape = re.compile(r"[A-Z]{2}~[a-z]{3}~\d{6}")
    given = [f"QQ~zzz~{next(numbers):06}" for _ in range(2)]
    made = [
        values("text", shape.fullmatch, made=lambda: f"QQ~zzz~{next(numbers):06}", max_length=40)
        for _ in range(2)
    ]
    first, second = ([one.realistic(row) for row in range(6)] for one in made)
    assert first == second
    assert not set(first) & set(given)
    assert all(shape.fullmatch(str(value)) for value in first)


class TestJudgesThatFail:
    """Code that raises something else than a refusal."""

    @staticmethod
    def source(judge: Callable[[Any], object], hold: Any = None, **facts: Any) -> ColumnValues:
        one = Column("x", "x", "text", "", judged=True, **facts)

        def accept(value: object) -> object:
            try:
                return judge(value)
            except ArithmeticError as error:
                raise ValueRefused(f"cannot take {value!r}", str(error), crashed=True) from error

        return column_values(
            Table("t", "shop.Thing", (one,), ("id",)), one, SETTING, accept=accept, hold=hold
        )

    def test_what_fails_for_everything_is_no_judge(self) -> None:
        source = self.source(lambda value: 1 / 0, lambda value: f"held {value}")
        made = [source.realistic(row) for row in range(8)]
        assert all(str(one).startswith("held ") for one in made)
        assert len(set(made)) > 1
        assert source.edge("max", 9) is MISSING

    def test_what_is_refused_is_not_held(self) -> None:
        def judge(value: object) -> object:
            if value != "{}":
                raise DbstateError("no document")
            raise ArithmeticError("no validate()")

        source = self.source(judge, lambda value: value)
        assert {source.realistic(row) for row in range(8)} == {"{}"}

    def test_what_cannot_be_held_either_is_refused_by_name(self) -> None:
        def hold(value: object) -> object:
            raise DbstateError("it cannot be read again")

        with pytest.raises(NoValue, match="it cannot be read again"):
            self.source(lambda value: 1 / 0, hold).realistic(0)

    def test_the_same_failure_over_and_over_is_not_asked_for_long(self) -> None:
        asked: list[object] = []

        def judge(value: object) -> object:
            asked.append(value)
            raise ArithmeticError("no key")

        with pytest.raises(NoValue):
            self.source(judge).realistic(0)
        assert 60 < len(asked) < 300

    def test_a_model_whose_own_default_makes_it_fail_is_asked_less(self) -> None:
        asked: list[object] = []

        def judge(value: object) -> object:
            asked.append(value)
            raise ArithmeticError(f"{value!r} has no validate()")

        source = self.source(judge, lambda value: value, has_default=True, default="{}")
        assert [source.realistic(row) for row in range(3)] == ["{}"] * 3
        assert len(asked) < 600
