"""Values of single columns: pure, in bounds, apart where they must be, in agreement, in many scripts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dbstate.catalog import Column, Table, Unique
from dbstate.errors import DbstateError
from dbstate.values import (
    EDGES,
    MISSING,
    ColumnValues,
    Draw,
    NoValue,
    RangeValue,
    Setting,
    UnknownLocale,
    column_values,
    forget_meaning,
    meaning,
    mix,
    mix_array,
    permuted,
    resolve_locales,
)
from dbstate.values.facts import offence

NOW = datetime(2025, 6, 1, tzinfo=UTC)
SETTING = Setting(seed=1, now=NOW)


def column(field: str = "x", kind: str = "text", **facts: object) -> Column:
    return Column(field, field, kind, str(facts.pop("sql_type", "")), **facts)  # type: ignore[arg-type]  # test facts


def values(
    one: Column,
    *,
    label: str = "shop.User",
    setting: Setting = SETTING,
    uniques: tuple[Unique, ...] = (),
    **how: object,
) -> ColumnValues:
    table = Table("t", label, (one,), ("id",), uniques=uniques)
    return column_values(table, one, setting, **how)  # type: ignore[arg-type]  # test options


def of(
    field: str, kind: str = "text", *, rows: int = 20, label: str = "shop.User", **facts: object
) -> list[object]:
    made = values(column(field, kind, **facts), label=label)
    return [made.realistic(row) for row in range(rows)]


# --- the key -------------------------------------------------------------------------------------------


@given(st.integers(0, 2**64 - 1), st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_mix_is_the_same_in_numpy(key: int, numbers: list[int]) -> None:
    array = mix_array(key, np.array(numbers, dtype=np.uint64))
    assert [int(number) for number in array] == [mix(key, number) for number in numbers]


def test_mix_is_splitmix64() -> None:
    # The first outputs of the reference implementation for the seed 1234567.
    assert [mix(1234567, number) for number in range(3)] == [
        6457827717110365317, 3203168211198807973, 9817491932198370423,
    ]  # fmt: skip


@given(st.integers(1, 300), st.integers(0, 2**64 - 1), st.integers(0, 10**6))
def test_permuted_shows_each_place_once_in_any_run(size: int, key: int, start: int) -> None:
    assert sorted(permuted(row, size, key) for row in range(start, start + size)) == list(range(size))


# --- purity --------------------------------------------------------------------------------------------

SAMPLE = """
import json
from datetime import datetime, timezone
from dbstate.catalog import Column, Table
from dbstate.values import EDGES, Setting, column_values
fields = [("first_name", "text"), ("email", "text"), ("body", "text"), ("price", "decimal"), ("born", "date"),
          ("created_at", "datetime"), ("tags", "array"), ("data", "json"), ("ip", "ip"), ("token", "text")]
columns = [Column(f, f, k, "", max_length=200 if k == "text" else None) for f, k in fields]
columns.append(Column("p", "p", "text", "", patterns=(r"^[^aA]{3}.\\W[\\w-]{2,9}$",), max_length=60))
table = Table("t", "a.B", tuple(columns), ("id",))
setting = Setting(7, datetime(2025, 1, 1, tzinfo=timezone.utc))
made = [column_values(table, c, setting) for c in columns]
print(json.dumps([[repr(m.realistic(r, s)) for r in (0, 5, 10**12) for s in (0, 2)] +
                  [repr(m.edge(e, 3)) for e in EDGES] for m in made]))
"""


def test_values_are_the_same_in_every_process() -> None:
    def run(hash_seed: str) -> list[list[str]]:
        done = subprocess.run(
            [sys.executable, "-c", SAMPLE],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )  # fmt: skip
        made: list[list[str]] = json.loads(done.stdout)
        return made

    assert run("1") == run("2")


def test_order_of_calls_and_other_columns_change_nothing() -> None:
    one = column("first_name", max_length=40)
    alone = values(one)
    beside = column_values(Table("t", "shop.User", (column("zzz"), one), ("id",)), one, SETTING)
    backwards = [beside.realistic(row) for row in reversed(range(30))]
    assert backwards[::-1] == [alone.realistic(row) for row in range(30)]


def test_seed_table_and_salt_change_values() -> None:
    one = column("n", "integer", least=0, greatest=10**9)
    first = [values(one).realistic(row) for row in range(40)]
    assert first != [values(one, setting=Setting(2, NOW)).realistic(row) for row in range(40)]
    assert first != [values(one, label="shop.Other").realistic(row) for row in range(40)]
    assert first != [values(one).realistic(row, 1) for row in range(40)]


# --- facts ---------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        *(
            "name",
            "first_name",
            "email",
            "url",
            "slug",
            "code",
            "city",
            "country",
            "state",
            "status",
            "title",
        ),
        *("body", "phone", "token", "currency", "iban", "sku", "version", "x", "username", "zip", "color"),
        *("description", "path", "icon", "time_zone", "locale", "isbn", "last4", "address", "domain", "job"),
    ]
)


@given(NAMES, st.integers(1, 300), st.booleans(), st.integers(0, 10**7), st.integers(0, 3), st.booleans())
@settings(max_examples=150, deadline=None)
def test_text_keeps_its_lengths(
    field: str, most: int, unique: bool, row: int, salt: int, indexed: bool
) -> None:
    one = column(field, max_length=most, min_length=min(3, most), indexed=indexed)
    made = values(one, unique=unique)
    assume(made.capacity is None or row < made.capacity)
    for value in [made.realistic(row, salt), *(made.edge(name, row, salt) for name in EDGES)]:
        assert value is MISSING or offence(one, value) == "", value
        if value is not MISSING:
            text = str(value)
            text.encode()  # no lone surrogate
            assert not indexed or len(text.encode()) <= 2700


@given(
    st.integers(1, 12), st.integers(0, 6), st.integers(-500, 500), st.integers(0, 500), st.booleans(),
    st.sampled_from(("n", "price", "rating", "latitude", "quantity")), st.integers(0, 100),
)  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_decimals_keep_digits_and_range(
    digits: int, places: int, least: int, width: int, unique: bool, field: str, row: int
) -> None:
    places = min(places, digits)
    assume(max(abs(least), abs(least + width)) < 10 ** (digits - places))
    one = column(
        field, "decimal", max_digits=digits, decimal_places=places, least=least, greatest=least + width
    )
    made = values(one, unique=unique)
    assume(made.capacity is None or row < made.capacity)
    for value in [made.realistic(row), *(made.edge(name, row) for name in EDGES)]:
        if value is not MISSING:
            assert isinstance(value, Decimal)
            assert offence(one, value) == ""
            assert least <= value <= least + width
            assert len(value.as_tuple().digits) <= digits


@given(
    st.sampled_from(("integer", "float")),
    st.integers(-(10**6), 10**6),
    st.integers(0, 10**6),
    st.integers(0, 50),
)
@settings(max_examples=100, deadline=None)
def test_numbers_keep_their_range(kind: str, least: int, width: int, row: int) -> None:
    one = column("amount", kind, least=least, greatest=least + width)
    made = values(one)
    for value in [made.realistic(row), *(made.edge(name, row) for name in EDGES)]:
        assert value is MISSING or offence(one, value) == "", value
    assert made.edge("max", row) == least + width


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{3}\d{4}$",
        r"^\d{5}(-\d{4})?\Z",
        r"^[a-z]+(_[a-z]+)*$",
        r"^#[0-9a-fA-F]{6}$",
        r"^(foo|bar)-\d+$",
        r"^\+\d{9,15}$",
    ],
)
def test_text_matches_its_pattern(pattern: str) -> None:
    for value in of("x", patterns=(pattern,), max_length=30):
        assert re.search(pattern, str(value))


def test_a_pattern_limits_how_many_rows_differ() -> None:
    made = values(column(max_length=30, patterns=(r"^[AB]\d{2}$",)), unique=True)
    assert made.capacity == 200
    assert len({made.realistic(row) for row in range(200)}) == 200
    with pytest.raises(IndexError):
        made.realistic(200)


def test_nothing_is_empty_where_blank_is_not_admitted() -> None:
    empties: tuple[object, ...] = (None, "", {}, [])
    kinds = (
        "text integer decimal float boolean date datetime time duration uuid bytes json ip file array range"
    )
    for kind in (*kinds.split(), "hstore"):
        for default in empties:
            made = values(column("x", kind, null=True, has_default=True, default=default))
            for row in range(30):
                assert made.realistic(row) not in (None, "", {}, [], b"")
            assert made.edge("null", 0) is MISSING


def test_optional_columns_are_sometimes_empty() -> None:
    texts = of("nickname", rows=200, blank=True, max_length=40)
    assert 10 < texts.count("") < 80
    numbers = of("n", "integer", rows=200, blank=True, null=True)
    assert 10 < numbers.count(None) < 80
    assert None not in of("first_name", rows=200, blank=True, null=True)


# --- uniqueness ----------------------------------------------------------------------------------------


def folded(value: object) -> object:
    """As a case-insensitive, unaccenting, trimming unique key may see it."""
    if not isinstance(value, str):
        return repr(value)
    plain = unicodedata.normalize("NFKD", value.strip().lower())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


KINDS = st.sampled_from(
    [
        "text",
        "integer",
        "decimal",
        "date",
        "datetime",
        "time",
        "duration",
        "uuid",
        "ip",
        "json",
        "bytes",
        "file",
        "array",
        "range",
    ]
)


def test_the_longest_bytes_stay_small_where_the_limit_is_huge() -> None:
    assert len(values(column(kind="bytes", max_length=2**32 - 1)).edge("max", 0)) == 65_536
    assert len(values(column(kind="bytes", max_length=300)).edge("max", 0)) == 300


@given(KINDS, NAMES, st.integers(1, 60), st.integers(0, 10**6), st.integers(0, 10**7))
@settings(max_examples=120, deadline=None)
def test_unique_values_differ(kind: str, field: str, most: int, start: int, seed: int) -> None:
    one = column(
        field, kind,
        max_length=most if kind == "text" else None,
        max_digits=9 if kind == "decimal" else None,
        decimal_places=2 if kind == "decimal" else None,
        element=column("", "text", max_length=30) if kind == "array" else None,
    )  # fmt: skip
    made = values(one, unique=True, setting=Setting(seed, NOW))
    end = start + 60
    if made.capacity is not None:
        start = max(0, min(start, made.capacity - 60))
        end = min(start + 60, made.capacity)
    seen = [folded(made.realistic(row)) for row in range(start, end)]
    assert len(set(seen)) == len(seen)
    edges = [folded(made.edge(name, end + row)) for row, name in enumerate(EDGES * 4)
             if made.edge(name, end + row) not in (MISSING, None)]  # fmt: skip
    assert len(set(edges) | set(seen)) == len(edges) + len(seen)


def test_values_of_settings_are_numbers_and_never_empty() -> None:
    """Projects load such tables when they start: mayan reads each value as YAML, which NULL is not."""
    key, value = column("key", max_length=50), column("value", null=True, blank=True)
    for label, of_settings in (("app.UpdatedSetting", True), ("app.Reading", False)):
        made = column_values(Table("t", label, (key, value), ("key",)), value, SETTING)
        texts = [made.realistic(row) for row in range(60)] + [made.edge(edge, 3) for edge in EDGES]
        assert all(text is MISSING or str(text).isdecimal() for text in texts) == of_settings


@pytest.mark.parametrize("kind", ["boolean", "integer", "text"])
def test_small_domains_are_counted_through(kind: str) -> None:
    one = {
        "boolean": column("b", "boolean"),
        "integer": column("n", "integer", least=1, greatest=10),
        "text": column("c", choices=("a", "b", "c")),
    }[kind]
    made = values(one, unique=True)
    assert made.capacity == {"boolean": 2, "integer": 10, "text": 3}[kind]
    assert len({made.realistic(row) for row in range(made.capacity)}) == made.capacity
    with pytest.raises(IndexError):
        made.realistic(made.capacity)


@given(st.sampled_from(("date", "datetime", "integer", "decimal", "range")), st.integers(0, 50_000))
@settings(max_examples=60, deadline=None)
def test_disjoint_rows_do_not_overlap(kind: str, start: int) -> None:
    rows = range(start, start + 30)
    spans: list[tuple[Any, Any]]
    if kind == "range":
        made = values(column("during", "range", element=column("during", "date")), disjoint=True)
        ranges = [value for value in map(made.realistic, rows) if isinstance(value, RangeValue)]
        spans = sorted((value.lower, value.upper) for value in ranges)
    elif kind in ("integer", "decimal"):
        numbers: list[Any] = list(
            map(values(column("n", kind, max_digits=12, decimal_places=0), disjoint=True).realistic, rows)
        )
        spans = sorted((number, number + 5) for number in numbers)
    else:
        starts = values(column("start", kind), disjoint=True)
        ends = values(column("end", kind), disjoint=True)
        spans = sorted((starts.realistic(row), ends.realistic(row)) for row in rows)
    assert len(spans) == 30
    assert all(low < high for low, high in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("kind", ["boolean", "text"])
def test_choices_take_turns(kind: str) -> None:
    choices = (True, False) if kind == "boolean" else ("a", "b", "c", "d", "e")
    made = values(column("c", kind, choices=choices))
    for start in range(20):
        assert {made.realistic(row) for row in range(start, start + len(choices))} == set(choices)


# --- scripts and agreement -----------------------------------------------------------------------------


def script(text: str) -> str:
    """The script of the first letter, by its Unicode name."""
    letter = next(letter for letter in text if letter.isalpha())
    return unicodedata.name(letter).split()[0]


@pytest.mark.parametrize(
    "field", ["first_name", "last_name", "full_name", "city", "street", "country", "address", "state"]
)
@given(start=st.integers(0, 10**9), seed=st.integers(0, 10**6))
@settings(max_examples=12, deadline=None)
def test_ten_rows_show_five_scripts(field: str, start: int, seed: int) -> None:
    made = values(column(field, max_length=100), setting=Setting(seed, NOW))
    assert len({script(str(made.realistic(row))) for row in range(start, start + 10)}) >= 5


def test_locales_narrow() -> None:
    made = values(column("first_name", max_length=50), setting=Setting(1, NOW, locales=("ru", "uk_UA")))
    assert {script(str(made.realistic(row))) for row in range(20)} == {"CYRILLIC"}


def test_unknown_locale_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownLocale, match="did you mean de_DE"):
        resolve_locales(("de_DX",))


def test_faker_stands_in_for_a_locale_that_is_not_frozen() -> None:
    pytest.importorskip("faker")
    made = values(column("last_name", max_length=50), setting=Setting(1, NOW, locales=("bg_BG",)))
    assert {script(str(made.realistic(row))) for row in range(8)} == {"CYRILLIC"}


def test_name_and_email_agree() -> None:
    latin = Setting(1, NOW, locales=("en_US",))
    given_names = values(column("first_name", max_length=50), setting=latin)
    emails = values(column("email", format="email", max_length=254), setting=latin, unique=True)
    for row in range(40):
        assert str(emails.realistic(row)).startswith(str(given_names.realistic(row)).lower() + ".")


def test_emails_are_at_reserved_domains() -> None:
    for value in of("email", format="email", max_length=60, rows=60):
        assert re.search(r"@(example\.(org|com|net)|\w+\.example)$", str(value))


def test_price_and_currency_agree() -> None:
    prices = of("price", "decimal", max_digits=10, decimal_places=2, rows=60)
    codes = of("currency", max_length=3, rows=60)
    for price, code in zip(prices, codes, strict=True):
        if code in ("JPY", "KRW"):
            assert price == int(price)  # type: ignore[call-overload]  # a decimal
    assert "JPY" in codes


def test_places_agree() -> None:
    cities, zones, countries = of("city"), of("time_zone"), of("country", max_length=2)
    rows = list(zip(cities, zones, countries, strict=True))
    assert all(country == "JP" for _, zone, country in rows if zone == "Asia/Tokyo")
    assert len({zone for _, zone, _ in rows}) > 5


ROLES = ("birth_date", "created_at", "updated_at", "start_at", "end_at", "expires_at", "deleted_at")


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_dates_of_a_row_keep_the_soft_rules(row: int, seed: int, salt: int) -> None:
    setting = Setting(seed, NOW)
    life = {role: values(column(role, "datetime"), setting=setting).realistic(row, salt) for role in ROLES}
    over = {
        role: values(column(role, "datetime"), setting=setting).edge("expired", row, salt) for role in ROLES
    }
    assert life["birth_date"] < life["created_at"] <= life["updated_at"] <= life["deleted_at"] <= NOW  # type: ignore[operator]
    assert life["created_at"] <= life["start_at"] < life["end_at"]  # type: ignore[operator]
    assert life["start_at"] < over["end_at"] < NOW  # type: ignore[operator]
    assert life["start_at"] < over["expires_at"] < NOW  # type: ignore[operator]
    assert life["updated_at"] <= over["deleted_at"] <= NOW  # type: ignore[operator]


def test_deletion_date_and_flags_agree() -> None:
    dates = values(column("deleted_at", "datetime", null=True, blank=True))
    deleted = values(column("is_deleted", "boolean"))
    active = values(column("is_active", "boolean"))
    for row in range(200):
        gone = dates.realistic(row) is not None
        assert deleted.realistic(row) is gone
        assert not (gone and active.realistic(row))
        for edge in ("null", "max", "expired"):
            assert deleted.edge(edge, row) is (dates.edge(edge, row) is not None)
            assert active.edge(edge, row) is (dates.edge(edge, row) is None)
    assert 0 < sum(dates.realistic(row) is not None for row in range(200)) < 40


@pytest.mark.parametrize("name", ["is_default", "is_primary", "primary", "is_default_site", "main"])
def test_of_rows_at_most_one_is_the_chosen(name: str) -> None:
    flags = values(column(name, "boolean"))
    assert not any(flags.realistic(row) for row in range(60))
    for profile in ([None] * 3 + list(EDGES), list(EDGES)):
        chosen = [edge and flags.edge(edge, row) is True for row, edge in enumerate(profile)]
        assert sum(map(bool, chosen)) == 1
    # Beside older rows, which may have their chosen one, there is none.
    assert flags.edge("max", 6) is MISSING
    ordinary = values(column("main_dish_ordered_by", "boolean"))
    assert values(column("is_mainframe", "boolean")).edge("max", 9) is True
    assert ordinary.meaning != ""


def test_a_short_unique_text_falls_back_when_its_pool_is_refused() -> None:
    def lower(value: object) -> object:
        if value != str(value).lower():
            raise DbstateError("upper case")
        return value

    made = values(column("currency", max_length=3, judged=True), unique=True, accept=lower)
    found = [made.realistic(row) for row in range(60)]
    assert len(set(found)) == 60
    assert all(text == str(text).lower() for text in found)


def test_other_sorts_of_values_for_a_refused_row() -> None:
    codes = values(column("code", max_length=10), unique=True)
    found = [str(text) for text in codes.others(41, most=20)]
    assert {text[0] for text in found} >= set("123456789")
    assert not set(found) & {str(text) for text in codes.others(42, most=20)}


def test_dates_are_spread() -> None:
    created = [value for value in of("created_at", "datetime", rows=10) if isinstance(value, datetime)]
    assert max(created) - min(created) > timedelta(days=365)


def test_slug_agrees_with_the_name() -> None:
    english = Setting(1, NOW, locales=("en_US",))
    names = values(column("name", max_length=80), label="shop.Product", setting=english)
    slugs = values(
        column("slug", format="slug", max_length=80), label="shop.Product", setting=english, unique=True
    )
    for row in range(20):
        assert str(slugs.realistic(row)) == f"{str(names.realistic(row)).lower().replace(' ', '-')}-{row + 1}"


# --- codes ---------------------------------------------------------------------------------------------


def test_ibans_have_right_check_digits() -> None:
    for value in map(str, of("iban", max_length=34)):
        moved = value[4:] + value[:4]
        assert int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def test_eans_have_right_check_digits() -> None:
    for value in map(str, of("ean", max_length=13) + of("isbn", max_length=13)):
        assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(value)) % 10 == 0


def test_phones_are_in_known_ranges() -> None:
    numbers = [str(value) for value in of("phone", max_length=20)]
    assert all(re.fullmatch(r"\+\d{10,14}", number) for number in numbers)
    assert len({number[:3] for number in numbers}) > 10


def test_password_logs_in_only_where_one_is_given() -> None:
    encoded = "pbkdf2_sha256$1$salt$" + "h" * 44
    assert (
        values(column("password", max_length=128), setting=Setting(1, NOW, password=encoded)).realistic(3)
        == encoded
    )
    assert str(values(column("password", max_length=128)).realistic(3)).startswith("!")


# --- edges ---------------------------------------------------------------------------------------------


def test_edges_of_text() -> None:
    made = values(column("bio", max_length=80, blank=True))
    assert made.edge("null", 0) == ""
    assert len(str(made.edge("max", 0))) == 80
    assert len(str(made.edge("min", 0))) == 1
    awkward = str(made.edge("unicode", 0))
    assert "\u202b" in awkward
    assert "\u200d" in awkward
    assert "\U00020000" in awkward
    assert "\0" not in awkward
    assert made.edge("zero", 0) is MISSING


def test_long_indexed_text_stays_small() -> None:
    one = column("title", max_length=5000)
    two = column("body", max_length=5000)
    table = Table("t", "a.B", (one, two), ("id",), uniques=(Unique("u", ("title", "body")),))
    longest = [str(column_values(table, each, SETTING).edge("max", 4)) for each in (one, two)]
    assert [len(text) for text in longest] == [300, 300]
    assert sum(len(text.encode()) for text in longest) < 2704


def test_edges_of_numbers_and_times() -> None:
    whole = values(column("n", "integer", least=-5, greatest=7))
    assert [whole.edge(name, 0) for name in ("max", "min", "zero")] == [7, -5, 0]
    positive = values(column("n", "integer", least=1, greatest=7))
    assert positive.edge("zero", 0) is MISSING
    price = values(column("price", "decimal", max_digits=5, decimal_places=2))
    assert price.edge("max", 0) == Decimal("999.99")
    assert values(column("on", "date")).edge("past", 0) == date(1900, 1, 1)
    naive = values(column("at", "datetime"), setting=Setting(1, NOW, aware=False))
    assert naive.edge("past", 0) == datetime(1900, 1, 1)
    assert values(column("took", "duration")).edge("zero", 0) == timedelta(0)


def test_codes_have_no_awkward_edges() -> None:
    for field in ("currency", "country_code", "language", "phone"):
        made = values(column(field, max_length=20))
        assert made.edge("unicode", 0) is MISSING


def test_nested_arrays_are_rectangular() -> None:
    inner = column("grid", "array", element=column("grid", "integer"), size=3)
    made = values(column("grid", "array", element=inner))
    for row in range(30):
        for value in (made.realistic(row), made.edge("max", row)):
            assert isinstance(value, list)
            assert len({len(part) for part in value}) == 1


def test_every_optional_column_is_set_at_the_maximum() -> None:
    for kind in (
        "text",
        "integer",
        "date",
        "datetime",
        "uuid",
        "boolean",
        "ip",
        "time",
        "json",
        "array",
        "range",
    ):
        made = values(column("last_seen", kind, null=True, blank=True))
        assert all(made.edge("max", row) not in (None, MISSING) for row in range(30)), kind
    chosen = values(column("size", choices=("", "s", "m"), blank=True))
    assert chosen.edge("null", 0) == ""
    assert chosen.edge("max", 0) in ("s", "m")


def test_things_happen_in_order() -> None:
    stages = ("placed_at", "paid_at", "published_at", "shipped_at", "delivered_at", "closed_at")
    columns: list[list[Any]] = [of(field, "datetime", rows=50) for field in stages]
    for row in zip(*columns, strict=True):
        assert list(row) == sorted(row)
        assert row[-1] <= NOW


def test_codes_of_a_standard_run_out() -> None:
    made = values(column("code", max_length=2), label="shop.Country", unique=True)
    assert made.capacity == 195
    assert {made.realistic(row) for row in range(195)} >= {"DE", "JP", "BR"}
    with pytest.raises(IndexError):
        made.realistic(195)


def test_unknown_edge_is_refused() -> None:
    with pytest.raises(KeyError, match="no edge case"):
        values(column()).edge("huge", 0)


# --- the judge and the project's own functions ---------------------------------------------------------


class Refused(DbstateError):
    pass


def test_judge_is_asked_until_it_accepts() -> None:
    def ascii_only(value: object) -> object:
        if not str(value).isascii():
            raise Refused("ASCII only")
        return value

    made = values(column("first_name", max_length=40, judged=True), accept=ascii_only)
    names = [made.realistic(row) for row in range(20)]
    assert all(str(name).isascii() for name in names)
    assert len(set(names)) > 10
    assert made.edge("unicode", 0) is MISSING


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{4}-\d{2}-\d{2}",
        r"[a-z_]+",
        r"[\w.]+\.[A-Z]\w*",
        r"\{.*\}",
        r"[A-Z]{2}",
        r"\d+(\.\d+){2}",
        r"[0-9a-f]{64}",
    ],
)
def test_judge_that_hides_its_rule_is_pleased(pattern: str) -> None:
    def matches(value: object) -> object:
        if not re.fullmatch(pattern, str(value)):
            raise Refused("no")
        return value

    made = values(column("x", max_length=100, judged=True), accept=matches)
    assert re.fullmatch(pattern, str(made.realistic(3)))


def test_judge_that_refuses_everything_is_named() -> None:
    def never(value: object) -> object:
        raise Refused("not on Sundays")

    made = values(column("secret_rule", max_length=10, judged=True), accept=never)
    with pytest.raises(NoValue, match=r"shop\.User\.secret_rule.*not on Sundays") as caught:
        made.realistic(0)
    assert caught.value.tried > 50
    assert caught.value.exit_code == 2


def test_judge_is_not_asked_about_plain_columns() -> None:
    def never(value: object) -> object:
        raise Refused("no")

    assert values(column("x", max_length=10), accept=never).realistic(0)


def test_project_names_a_function_in_one_line() -> None:
    meaning("article_no", lambda draw: f"A{draw.digits(4)}")
    meaning("shop.User.shade", lambda draw: draw.choice(("dark", "light")))
    try:
        assert re.fullmatch(r"A\d{4}", str(of("article_no", max_length=20)[0]))
        assert set(of("shade", max_length=20)) == {"dark", "light"}
        once = values(column("shade", max_length=20), unique=True)
        assert len({once.realistic(row) for row in range(30)}) == 30
        with pytest.raises(DbstateError, match="already named"):
            meaning("article_no", str)
    finally:
        forget_meaning("article_no")
        forget_meaning("shop.User.shade")


@pytest.mark.parametrize(("where", "function"), [("", str), ("(", str), ("x", "not a function")])
def test_nonsense_is_refused(where: str, function: object) -> None:
    with pytest.raises(DbstateError, match="cannot name a function"):
        meaning(where, function)  # type: ignore[arg-type]  # nonsense on purpose


def test_draw_counts_through_digits() -> None:
    one = column()
    table = Table("t", "a.B", (one,), ("id",))
    numbers = {Draw(SETTING, table, one, row, 0, key=1, unique=True).digits(3) for row in range(1000)}
    assert len(numbers) == 1000


@pytest.mark.parametrize("most", [1, 2, 3])
def test_short_codes_are_all_different(most: int) -> None:
    made = values(column("x", max_length=most), unique=True)
    assert made.capacity is not None
    assert made.capacity >= 36 * 10 ** (most - 1)
    assert len({folded(made.realistic(row)) for row in range(made.capacity)}) == made.capacity


def test_a_slug_is_made_longer_by_what_a_slug_admits() -> None:
    one = column("slug", max_length=50, min_length=30, format="slug", patterns=(r"^[-a-zA-Z0-9_]+\Z",))
    made = values(one, unique=True)
    texts = {str(made.realistic(row)) for row in range(50)}
    assert len(texts) == 50
    assert all(re.fullmatch(r"[a-z0-9_-]{30,50}", text) for text in texts), texts
