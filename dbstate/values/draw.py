"""A row's own integers, and what in a row belongs together: one person, place, period and sum of money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache, reduce
from typing import Any, TypeVar, cast

from dbstate.catalog import Column, Table
from dbstate.values.formulas import MARGIN, MINUTES, SECOND, Life, Sums
from dbstate.values.key import MASK, group_key, mix, permuted, text_key
from dbstate.values.locales import Locale, Place, Word, made_pools, resolve_locales
from dbstate.values.setting import Setting

T = TypeVar("T")

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
    return Word(both_names(given.native, family.native, locale), f"{given.ascii} {family.ascii}")


def both_names(given: str, family: str, locale: Locale) -> str:
    """The same of names as they are written."""
    language = locale.language
    if language in FAMILY_FIRST:
        return f"{family} {given}" if language == "ja" else f"{family}{given}"
    return f"{given} {family}"


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


class RowLife(Life):
    """The life of one row."""

    def __init__(self, draw: Draw) -> None:
        self._key = draw.entity("period").key
        self.now = reference(draw.setting.now)[1]
        key = group_key(draw.setting.seed, draw.table.label, "\x1e")
        minutes = permuted(draw.row + 7 * draw.salt, MINUTES, key)
        self.born = self.now - MARGIN - (60 * minutes + self.below(60, 1)) * SECOND

    def below(self, size: int, *numbers: int) -> int:
        """See Life."""
        return scaled(reduce(mix, numbers, self._key), size)

    def either(self, first: Any, one: Callable[[], Any], other: Callable[[], Any]) -> Any:
        """See Life."""
        return one() if first else other()


class Period:
    """When a row was made, changed, began, ended and went; aware, in UTC; see dbstate.rules.

    ``at`` gives the moment of a role; created <= updated <= deleted <= now, created <= start < end.
    """

    __slots__ = ("_life", "now")

    def __init__(self, draw: Draw) -> None:
        self._life = RowLife(draw)
        self.now = reference(draw.setting.now)[0]

    @property
    def created(self) -> datetime:
        """When the row was made."""
        return moment_at(self._life.born)

    @property
    def deleted(self) -> bool:
        """Whether the row is deleted."""
        return bool(self._life.is_deleted())

    @property
    def expired(self) -> bool:
        """Whether the row's end lies behind."""
        return bool(self._life.is_expired())

    def at(self, role: str, *, over: bool | None = None) -> datetime:
        """The moment of a role; ``over`` says whether end and expiry lie behind (None: as drawn)."""
        return moment_at(self._life.moment(role, over))

    def stage(self, place: int) -> datetime:
        """When the row came to a stage of rules.STAGES: days after the one before, not after now."""
        return moment_at(self._life.stage(place))


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def reference(now: datetime) -> tuple[datetime, int]:
    """The reference date to the second, in UTC, and in microseconds since 1970."""
    whole = now.astimezone(UTC).replace(microsecond=0)
    return whole, (whole - EPOCH) // timedelta(microseconds=1)


def moment_at(microseconds: int) -> datetime:
    """So long after 1970, to the second."""
    return EPOCH + timedelta(0, microseconds // SECOND)


class RowSums(Sums):
    """The amounts of one row."""

    def __init__(self, key: int, has_places: bool) -> None:
        self._key, self.has_places = key, has_places

    def below(self, size: int, number: int, without: int | None = None) -> int:
        """See Sums."""
        return scaled(mix(self._key, number if self.has_places or without is None else without), size)

    def one_of(self, items: Sequence[int], place: Any) -> Any:
        """See Sums."""
        return items[place]


class Money:
    """The amounts of a row: a currency, a price that suits it, and what follows from the price."""

    __slots__ = ("_sums", "currency", "places")

    def __init__(self, draw: Draw) -> None:
        self.currency = draw.locale.currency
        self.places = currency_places().get(self.currency, 2)
        self._sums = RowSums(draw.entity("money").key, self.places > 0)

    @property
    def price(self) -> Decimal:
        """For one piece; some end in ninety hundredths, where the currency has any."""
        return amount_of(self._sums.price(), self.places > 0)

    @property
    def rate(self) -> Decimal:
        """Tax in per cent."""
        return Decimal(self._sums.rate())

    @property
    def quantity(self) -> int:
        """Pieces."""
        return int(self._sums.quantity())

    @property
    def net(self) -> Decimal:
        """Price times quantity."""
        return amount_of(self._sums.net(), self.places > 0)

    @property
    def tax(self) -> Decimal:
        """Tax on the net sum."""
        return amount_of(self._sums.tax(), self.places > 0)

    @property
    def total(self) -> Decimal:
        """Net and tax."""
        return amount_of(self._sums.total(), self.places > 0)


@lru_cache(maxsize=16_384)
def amount_of(hundredths: int, has_places: bool) -> Decimal:
    """An amount with the decimal places that its currency has."""
    return Decimal(hundredths).scaleb(-2) if has_places else Decimal(hundredths // 100)


@cache
def currency_places() -> dict[str, int]:
    """Decimal places by ISO 4217 code."""
    return {code: places for code, _, places in made_pools()["currencies"]}
