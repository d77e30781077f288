"""A row's own integers, and what in a row belongs together: one person, place, period and sum of money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, TypeVar, cast

from dbstate.catalog import Column, Table
from dbstate.values.key import MASK, group_key, mix, permuted, text_key
from dbstate.values.locales import Locale, Place, Word, made_pools, resolve_locales
from dbstate.values.setting import Setting

T = TypeVar("T")

MINUTES = 3 * 365 * 24 * 60
"""How far back rows are created, in minutes; a minute each before any two share one."""
SECOND = 1_000_000
DAY = 86_400 * SECOND
MARGIN = 40 * DAY
"""Nothing is created in the last days, so that there is time for what follows; in microseconds."""
RARELY = 16
"""One row in so many is deleted, and one expired."""
RATES = tuple(map(Decimal, (5, 7, 10, 19, 20)))
"""Taxes in per cent."""
NINETY, NOTHING = Decimal("0.90"), Decimal(0)

PARTS = frozenset((
    "billing", "shipping", "delivery", "invoice", "sender", "recipient", "receiver", "payer", "payee",
    "emergency", "guardian", "mother", "father", "parent", "spouse", "partner", "author", "editor", "owner",
    "seller", "buyer", "creator", "reviewer", "approver", "manager", "origin", "destination", "home",
    "work", "secondary", "alternate", "alternative", "pickup", "dropoff", "reply", "bcc", "cc",
))  # fmt: skip
"""First words of a field's name that say whose name or address it is: another person than the row's own."""


@lru_cache(maxsize=8192)
def person_of(field: str) -> str:
    """What the person is called that a field's name is about."""
    first = field.partition("_")[0]
    return "person" + (first if first in PARTS else "")


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
        return self.nth(self.count)

    def nth(self, number: int) -> int:
        """The 64 bits of this number of the stream, from 1; those that come by turns go on as they were."""
        return mix(self.key, number)

    def below(self, size: int) -> int:
        """An integer in range(size)."""
        return scaled(self.bits(), size) if size <= MASK else (self.bits() << 64 | self.bits()) % size

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


def scaled(bits: int, size: int) -> int:
    """64 bits as an integer in range(size); ``size`` is at most 2**64."""
    return (bits * size) >> 64


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

    def shared(self, name: str, size: int) -> int:
        """An integer in range(size) that all columns of this row share for what is called ``name``."""
        return self.entity(name).below(size)

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
            start = locale_offset(self.setting, self.table)
            self._locale = pool[(self.row + self.salt + start) % len(pool)]
        return self._locale

    @property
    def person(self) -> Person:
        """Who the column's name is about: the row's own person, or its author, payer …"""
        return self._common(person_of(self.column.field), Person)

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


def locale_offset(setting: Setting, table: Table) -> int:
    """Where a table starts in the round of locales."""
    return group_key(setting.seed, table.label, "\x1elocale") % 1009


class Person:
    """A person, where they live and how they are reached; names are Words (native and ASCII)."""

    __slots__ = ("_numbers", "locale")

    def __init__(self, draw: Draw) -> None:
        self._numbers = draw.entity(person_of(draw.column.field))
        self.locale = draw.locale

    def _one(self, number: int, items: Sequence[T]) -> T:
        return items[(self._numbers.nth(number) * len(items)) >> 64]

    @property
    def sex(self) -> str:
        """``female`` or ``male``."""
        return self._one(1, ("male", "female"))

    @property
    def given(self) -> Word:
        """Given name."""
        return self._one(2, self.locale.female if self.sex == "female" else self.locale.male)

    @property
    def family(self) -> Word:
        """Family name, in the form of the person's sex."""
        return self._one(3, self.locale.family_female if self.sex == "female" else self.locale.family_male)

    @property
    def place(self) -> Place:
        """City, region and post code."""
        return self._one(4, self.locale.places)

    @property
    def street(self) -> Word:
        """The street's name."""
        return self._one(5, self.locale.streets)

    @property
    def house(self) -> str:
        """The house number."""
        return str(1 + scaled(self._numbers.nth(6), 140))

    @property
    def full(self) -> Word:
        """Both names in the order and with the gap that the language has."""
        return full_name(self.given, self.family, self.locale)

    @property
    def local(self) -> str:
        """The name as part of an address: ``anna.kowalska``; lower-case ASCII letters and a dot."""
        return local_part(self.given, self.family)

    def address(self, *, ascii_only: bool = False) -> str:
        """Street and house number as the country writes them."""
        return street_line(self.street, self.house, self.locale, ascii_only=ascii_only)

    @property
    def company(self) -> Word:
        """The firm of this family."""
        numbers = Numbers(self._numbers.nth(99))
        name: Word = numbers.choice(self.locale.family_male)
        return Word(numbers.choice(self.locale.companies).format(name.native), f"{name.ascii} Ltd")


FAMILY_FIRST = ("zh", "ja", "ko")


def full_name(given: Word, family: Word, locale: Locale) -> Word:
    """Both names in the order and with the gap that the language has."""
    latin = f"{given.ascii} {family.ascii}"
    if locale.code[:2] in FAMILY_FIRST:
        gap = " " if locale.language == "ja" else ""
        return Word(f"{family.native}{gap}{given.native}", latin)
    return Word(f"{given.native} {family.native}", latin)


def local_part(given: Word, family: Word) -> str:
    """The names as part of an address: ``anna.kowalska``; lower-case ASCII letters and a dot."""
    return f"{address_part(given.ascii)}.{address_part(family.ascii)}"


def street_line(street: Word, house: str, locale: Locale, *, ascii_only: bool) -> str:
    """Street and house number as the country writes them."""
    if ascii_only:
        return f"{house} {street.ascii}"
    return locale.address.format(street=street.native, number=house)


@lru_cache(maxsize=8192)
def address_part(name: str) -> str:
    """The lower-case ASCII letters of a name."""
    return "".join(letter for letter in name.lower() if "a" <= letter <= "z") or "name"


class Period:
    """When a row was made, changed, began, ended and went; aware, in UTC; see dbstate.rules.

    ``at`` gives the moment of a role; created <= updated <= deleted <= now, created <= start < end.
    """

    __slots__ = ("_created", "_now", "_numbers", "now")

    def __init__(self, draw: Draw) -> None:
        self._numbers = numbers = draw.entity("period")
        self.now, self._now = reference(draw.setting.now)
        key = group_key(draw.setting.seed, draw.table.label, "\x1e")
        minutes = permuted(draw.row + 7 * draw.salt, MINUTES, key)
        self._created = self._now - MARGIN - (60 * minutes + scaled(numbers.nth(1), 60)) * SECOND
        """In microseconds since 1970, as are all moments until they are asked for."""

    @property
    def created(self) -> datetime:
        """When the row was made."""
        return moment_at(self._created)

    @property
    def deleted(self) -> bool:
        """Whether the row is deleted."""
        return scaled(self._numbers.nth(4), RARELY) == 0

    @property
    def expired(self) -> bool:
        """Whether the row's end lies behind."""
        return scaled(self._numbers.nth(5), RARELY) == 0

    def at(self, role: str, *, over: bool | None = None) -> datetime:
        """The moment of a role; ``over`` says whether end and expiry lie behind (None: as drawn)."""
        return moment_at(self._moment(role, over))

    def stage(self, place: int) -> datetime:
        """When the row came to a stage of rules.STAGES: days after the one before, not after now."""
        part = place * 150 + Numbers(self._numbers.nth(88 + place)).below(100)
        return moment_at(self._created + (self._now - self._created) * part // 1000)

    def _lived(self, number: int, most: int) -> int:
        """A moment between creation and now, at most so many thousandths of the way."""
        return self._created + (self._now - self._created) * scaled(self._numbers.nth(number), most) // 1000

    def _moment(self, role: str, over: bool | None) -> int:
        """See ``at``."""
        if role == "updated":
            return self._lived(3, 900)
        if role == "start":
            return self._lived(2, 500)
        if role in ("", "created"):
            return self._created
        numbers = Numbers(self._numbers.nth(77))
        if role == "deleted":
            updated = self._lived(3, 900)
            return updated + (self._now - updated) * numbers.between(1, 900) // 1000
        if role == "ended" or (role in ("end", "expires") and (self.expired if over is None else over)):
            start = self._lived(2, 500)
            return start + DAY + (self._now - start - 2 * DAY) * numbers.below(900) // 1000
        if role in ("end", "expires", "future"):
            return self._now + numbers.between(3, 400) * DAY + 15 * numbers.below(96) * 60 * SECOND
        if role == "birth":
            return self._now - numbers.between(19 * 366, 80 * 365) * DAY
        return self._created


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def reference(now: datetime) -> tuple[datetime, int]:
    """The reference date to the second, in UTC, and in microseconds since 1970."""
    whole = now.astimezone(UTC).replace(microsecond=0)
    return whole, (whole - EPOCH) // timedelta(microseconds=1)


def moment_at(microseconds: int) -> datetime:
    """So long after 1970, to the second."""
    return EPOCH + timedelta(0, microseconds // SECOND)


class Money:
    """The amounts of a row: a currency, a price that suits it, and what follows from the price."""

    __slots__ = ("_numbers", "currency", "places")

    def __init__(self, draw: Draw) -> None:
        self._numbers = draw.entity("money")
        self.currency = draw.locale.currency
        self.places = currency_places().get(self.currency, 2)

    @property
    def price(self) -> Decimal:
        """For one piece; some end in ninety hundredths, where the currency has any."""
        nth = self._numbers.nth
        return price_of(scaled(nth(1), 40), scaled(nth(2), 3), scaled(nth(3), 2), self.places)

    @property
    def rate(self) -> Decimal:
        """Tax in per cent."""
        return RATES[scaled(self._numbers.nth(4 if self.places else 3), len(RATES))]

    @property
    def quantity(self) -> int:
        """Pieces."""
        return 1 + scaled(self._numbers.nth(5 if self.places else 4), 9)

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


def price_of(whole: int, scale: int, ninety: int, places: int) -> Decimal:
    """A price by three choices, in a currency of so many places."""
    return Decimal((1 + whole) * (1, 5, 10)[scale]) + (NINETY if places and ninety else NOTHING)


@cache
def currency_places() -> dict[str, int]:
    """Decimal places by ISO 4217 code."""
    return {code: places for code, _, places in made_pools()["currencies"]}
