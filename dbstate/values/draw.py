"""A row's own integers, and what in a row belongs together: one person, place, period and sum of money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

from dbstate.catalog import Column, Table
from dbstate.values.key import MASK, group_key, mix, permuted, text_key
from dbstate.values.locales import Locale, Place, Word, made_pools, resolve_locales
from dbstate.values.setting import Setting

T = TypeVar("T")

MINUTES = 3 * 365 * 24 * 60
"""How far back rows are created, in minutes; a minute each before any two share one."""
MARGIN = timedelta(days=40)
"""Nothing is created in the last days, so that there is time for what follows."""
RARELY = 16
"""One row in so many is deleted, and one expired."""
RATES = tuple(map(Decimal, (5, 7, 10, 19, 20)))
"""Taxes in per cent."""
NINETY, NOTHING = Decimal("0.90"), Decimal(0)

PARTS = (
    "billing", "shipping", "delivery", "invoice", "sender", "recipient", "receiver", "payer", "payee",
    "emergency", "guardian", "mother", "father", "parent", "spouse", "partner", "author", "editor", "owner",
    "seller", "buyer", "creator", "reviewer", "approver", "manager", "origin", "destination", "home",
    "work", "secondary", "alternate", "alternative", "pickup", "dropoff", "reply", "bcc", "cc",
)  # fmt: skip
"""First words of a field's name that say whose name or address it is: another person than the row's own."""


_NONE: tuple[Any, int, int, object] = (None, 0, 0, None)
_LATEST: dict[tuple[str, str], tuple[Any, int, int, object]] = {}
"""By table and name, what was last made: its setting, row and salt, and itself. It depends on these alone."""


class Numbers:
    """A stream of integers that depends on its key alone."""

    __slots__ = ("count", "key")

    def __init__(self, key: int) -> None:
        self.key = key
        self.count = 0

    def bits(self) -> int:
        """64 bits."""
        self.count += 1
        return mix(self.key, self.count)

    def below(self, size: int) -> int:
        """An integer in range(size)."""
        return (self.bits() * size) >> 64 if size <= MASK else (self.bits() << 64 | self.bits()) % size

    def between(self, least: int, greatest: int) -> int:
        """An integer from least to greatest, both included."""
        return least + self.below(greatest - least + 1)

    def choice(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def chance(self, one_in: int) -> bool:
        """True once in so many."""
        return self.below(one_in) == 0

    def letters(self, count: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
        """So many letters of an alphabet."""
        return "".join(self.choice(alphabet) for _ in range(count))


class Draw(Numbers):
    """What a meaning's function receives: the row's integers, its entities and the column.

    ``row`` is the row number, ``salt`` the number of the try (0 first). ``serial`` is the number that
    makes the value unique, as text, or empty where the column need not be unique; a function that
    puts it (or ``digits``) into its value keeps values apart, otherwise it is appended.
    ``ascii`` asks for the romanised form.
    """

    __slots__ = (
        "_locale",
        "ascii",
        "column",
        "counted",
        "row",
        "salt",
        "setting",
        "table",
        "unique",
    )

    def __init__(
        self, setting: Setting, table: Table, column: Column, row: int, salt: int, key: int, unique: bool
    ) -> None:
        self.key = mix(mix(key, row), salt)
        self.count = 0
        self.setting = setting
        self.table = table
        self.column = column
        self.row = row
        self.salt = salt
        self.unique = unique
        self.ascii = False
        self.counted = False
        """Whether ``serial`` or ``digits`` has been asked for."""
        self._locale: Locale | None = None

    @property
    def serial(self) -> str:
        """The row number in digits, from 1, where values must be unique; else empty."""
        self.counted = True
        return str(self.row + 1) if self.unique else ""

    def digits(self, count: int, *, number: int | None = None) -> str:
        """So many digits; where values must be unique, another for each row. IndexError when they run out."""
        self.counted = True
        size = 10**count
        if not self.unique:
            return str(self.below(size)).zfill(count)
        number = self.row if number is None else number
        if number >= size:
            raise IndexError(f"row {self.row} needs more than {count} digits")
        return str(permuted(number, size, text_key(self.table.label + self.column.field))).zfill(count)

    def entity(self, name: str) -> Numbers:
        """The stream that all columns of this row share for what is called ``name``."""
        key = group_key(self.setting.seed, self.table.label, "\x1e" + name)
        return Numbers(mix(mix(key, self.row), self.salt))

    def _common(self, name: str, make: Callable[[Draw], T]) -> T:
        """What the columns of a row have in common: made for the first of them, kept until the next row."""
        place = (self.table.label, name)
        setting, row, salt, made = _LATEST.get(place, _NONE)
        if setting is not self.setting or row != self.row or salt != self.salt:
            made = make(self)
            _LATEST[place] = (self.setting, self.row, self.salt, made)
        return cast("T", made)

    @property
    def locale(self) -> Locale:
        """The row's locale: neighbours have different ones, so that few rows show many scripts."""
        if self._locale is None:
            pool = resolve_locales(self.setting.locales)
            self._locale = pool[(self.row + self.salt + locale_offset(self)) % len(pool)]
        return self._locale

    @property
    def person(self) -> Person:
        """Who the column's name is about: the row's own person, or its author, payer …"""
        first = self.column.field.partition("_")[0]
        part = first if first in PARTS else ""
        return self._common("person" + part, lambda draw: Person(draw, part))

    @property
    def period(self) -> Period:
        """The row's life."""
        return self._common("period", Period)

    @property
    def money(self) -> Money:
        """The row's amounts."""
        return self._common("money", Money)

    def shown(self, word: Word) -> str:
        """A word in its script, or romanised where ASCII is asked for."""
        return word.ascii if self.ascii else word.native


def locale_offset(draw: Draw) -> int:
    """Where a table starts in the round of locales."""
    return group_key(draw.setting.seed, draw.table.label, "\x1elocale") % 1009


class Person:
    """A person, where they live and how they are reached; names are Words (native and ASCII)."""

    __slots__ = ("family", "given", "house", "key", "locale", "place", "sex", "street")

    def __init__(self, draw: Draw, part: str) -> None:
        numbers = draw.entity("person" + part)
        self.key = numbers.key
        locale = draw.locale
        self.locale = locale
        self.sex = "female" if numbers.below(2) else "male"
        self.given: Word = numbers.choice(locale.female if self.sex == "female" else locale.male)
        self.family: Word = numbers.choice(
            locale.family_female if self.sex == "female" else locale.family_male
        )
        self.place: Place = numbers.choice(locale.places)
        self.street: Word = numbers.choice(locale.streets)
        self.house = str(numbers.between(1, 140))

    @property
    def full(self) -> Word:
        """Both names in the order and with the gap that the language has."""
        given, family = self.given, self.family
        latin = f"{given.ascii} {family.ascii}"
        if self.locale.language in FAMILY_FIRST:
            gap = " " if self.locale.language == "ja" else ""
            return Word(f"{family.native}{gap}{given.native}", latin)
        return Word(f"{given.native} {family.native}", latin)

    @property
    def local(self) -> str:
        """The name as part of an address: ``anna.kowalska``; lower-case ASCII letters and a dot."""
        return f"{address_part(self.given.ascii)}.{address_part(self.family.ascii)}"

    def address(self, *, ascii_only: bool = False) -> str:
        """Street and house number as the country writes them."""
        if ascii_only:
            return f"{self.house} {self.street.ascii}"
        return self.locale.address.format(street=self.street.native, number=self.house)

    def company(self) -> Word:
        """The firm of this family."""
        numbers = Numbers(mix(self.key, 99))
        name: Word = numbers.choice(self.locale.family_male)
        return Word(numbers.choice(self.locale.companies).format(name.native), f"{name.ascii} Ltd")


FAMILY_FIRST = ("zh", "ja", "ko")


def address_part(name: str) -> str:
    """The lower-case ASCII letters of a name."""
    return "".join(letter for letter in name.lower() if "a" <= letter <= "z") or "name"


class Period:
    """When a row was made, changed, began, ended and went; aware, in UTC; see dbstate.rules.

    ``at`` gives the moment of a role; created <= updated <= deleted <= now, created <= start < end.
    """

    __slots__ = ("created", "deleted", "expired", "key", "now", "start", "updated")

    def __init__(self, draw: Draw) -> None:
        numbers = draw.entity("period")
        self.key = numbers.key
        self.now = draw.setting.now.astimezone(UTC).replace(microsecond=0)
        minutes = permuted(
            draw.row + 7 * draw.salt, MINUTES, group_key(draw.setting.seed, draw.table.label, "\x1e")
        )
        self.created = self.now - MARGIN - timedelta(minutes=minutes, seconds=numbers.below(60))
        span = self.now - self.created
        self.start = self.created + span * numbers.below(500) / 1000
        self.updated = self.created + span * numbers.below(900) / 1000
        self.deleted = numbers.chance(RARELY)
        self.expired = numbers.chance(RARELY)

    def at(self, role: str, *, over: bool | None = None) -> datetime:
        """The moment of a role; ``over`` says whether end and expiry lie behind (None: as drawn)."""
        over = self.expired if over is None else over
        return whole(self.moment(role, over))

    def stage(self, place: int) -> datetime:
        """When the row came to a stage of rules.STAGES: days after the one before, not after now."""
        part = place * 150 + Numbers(mix(self.key, 88 + place)).below(100)
        return whole(self.created + (self.now - self.created) * part / 1000)

    def moment(self, role: str, over: bool) -> datetime:
        """See ``at``."""
        numbers = Numbers(mix(self.key, 77))
        if role in ("created", "start", "updated"):
            return {"created": self.created, "start": self.start, "updated": self.updated}[role]
        if role == "deleted":
            return self.updated + (self.now - self.updated) * numbers.between(1, 900) / 1000
        if role in ("ended", "end", "expires") and (over or role == "ended"):
            day = timedelta(days=1)
            return self.start + day + (self.now - self.start - 2 * day) * numbers.below(900) / 1000
        if role in ("end", "expires", "future"):
            return self.now + timedelta(days=numbers.between(3, 400), minutes=15 * numbers.below(96))
        if role == "birth":
            return self.now - timedelta(days=numbers.between(19 * 366, 80 * 365))
        return self.created


def whole(moment: datetime) -> datetime:
    """Without microseconds."""
    return moment.replace(microsecond=0)


class Money:
    """The amounts of a row: a currency, a price that suits it, and what follows from the price."""

    __slots__ = ("currency", "places", "price", "quantity", "rate")

    def __init__(self, draw: Draw) -> None:
        numbers = draw.entity("money")
        self.currency = draw.locale.currency
        self.places = currency_places().get(self.currency, 2)
        whole_price = numbers.between(1, 40) * numbers.choice((1, 5, 10))
        self.price = Decimal(whole_price) + (NINETY if self.places and numbers.below(2) else NOTHING)
        self.rate = numbers.choice(RATES)
        self.quantity = numbers.between(1, 9)

    @property
    def net(self) -> Decimal:
        """Price times quantity."""
        return self.price * self.quantity

    @property
    def tax(self) -> Decimal:
        """Tax on the net sum."""
        return (self.net * self.rate / 100).quantize(Decimal("0.01") if self.places else Decimal(1))

    @property
    def total(self) -> Decimal:
        """Net and tax."""
        return self.net + self.tax


@cache
def currency_places() -> dict[str, int]:
    """Decimal places by ISO 4217 code."""
    return {code: places for code, _, places in made_pools()["currencies"]}
