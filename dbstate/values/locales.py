"""Frozen pools of names, places and texts by locale; Faker's where a locale is not frozen."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from dbstate.errors import DbstateError

POOLS = Path(__file__).parent / "pools"


class Word(NamedTuple):
    """A text in its own script beside its ASCII form."""

    native: str
    ascii: str


class Place(NamedTuple):
    """A city, where it lies and what belongs to it."""

    city: Word
    region: Word
    postcode: str
    latitude: float
    longitude: float
    zone: str


@dataclass(frozen=True, slots=True, eq=False)
class Locale:
    """What people, places and texts of one locale are drawn from; every tuple is non-empty.

    Titles, sentences, products and categories of all locales are translations of one another, item
    by item.
    """

    code: str
    script: str
    country: str
    """ISO 3166-1 alpha-2."""
    country_name: Word
    currency: str
    female: tuple[Word, ...]
    male: tuple[Word, ...]
    family_female: tuple[Word, ...]
    family_male: tuple[Word, ...]
    places: tuple[Place, ...]
    streets: tuple[Word, ...]
    address: str
    """Template of ``street`` and ``number``."""
    companies: tuple[str, ...]
    """Templates of a family name."""
    phone: str
    """E.164 prefix after which ``phone_digits`` digits may be anything."""
    phone_digits: int
    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    products: tuple[str, ...]
    categories: tuple[str, ...]

    @property
    def language(self) -> str:
        """ISO 639-1 code."""
        return self.code[:2]


class UnknownLocale(DbstateError):
    """A locale that is neither frozen nor known to an installed Faker."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        near = get_close_matches(name.replace("-", "_"), frozen_codes(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}? " if near else ""
        super().__init__(
            f"cannot use locale {name!r}: {reason}; {hint}frozen ones are {', '.join(frozen_codes())}"
        )


@cache
def frozen_locales() -> tuple[Locale, ...]:
    """All frozen locales, in the order of curated.txt, which spreads the scripts."""
    made = made_pools()
    text = (POOLS / "curated.txt").read_text(encoding="utf-8")
    return tuple(read_locale(section, made) for section in text.split("\n[")[1:])


@cache
def frozen_codes() -> tuple[str, ...]:
    """Their codes."""
    return tuple(locale.code for locale in frozen_locales())


@cache
def made_pools() -> Mapping[str, Any]:
    """made.json as it stands."""
    pools: dict[str, Any] = json.loads((POOLS / "made.json").read_text(encoding="utf-8"))
    return pools


def read_locale(section: str, made: Mapping[str, Any]) -> Locale:
    """One section of curated.txt with what made.json adds."""
    head, _, body = section.partition("]\n")
    lines = [line.split(": ", 1) for line in body.splitlines() if line]
    one = dict(lines)
    added = made["locales"][head]

    def word(text: str) -> Word:
        return Word(text, made["ascii"].get(text, text))

    def listed(key: str) -> tuple[str, ...]:
        return tuple(one[key].split(" | "))

    def names(key: str) -> tuple[Word, ...]:
        return tuple(Word(native, latin) for native, latin in added[key])

    def place(line: str) -> Place:
        city, region, postcode, latitude, longitude, zone = line.split("; ")
        return Place(word(city), word(region), postcode, float(latitude), float(longitude), zone)

    code, native, english = added["country"]
    return Locale(
        code=head,
        script=one["script"],
        country=code,
        country_name=Word(native, english if english.isascii() else "Turkiye"),
        currency=one["currency"],
        female=names("female"),
        male=names("male"),
        family_female=names("family_female"),
        family_male=names("family_male"),
        places=tuple(place(rest) for key, rest in lines if key == "place"),
        streets=tuple(map(word, listed("streets"))),
        address=one["address"],
        companies=listed("company"),
        phone=added["phone"][0],
        phone_digits=added["phone"][1],
        titles=listed("titles"),
        sentences=listed("sentences"),
        products=listed("products"),
        categories=listed("categories"),
    )


@cache
def resolve_locales(names: tuple[str, ...]) -> tuple[Locale, ...]:
    """The locales meant by ``names``, each a language (``de``) or a locale (``de_DE``, ``de-de``).

    () means all frozen ones. Raises UnknownLocale.
    """
    if not names:
        return frozen_locales()
    found: dict[str, Locale] = {}
    for name in names:
        for locale in matching(name) or (from_faker(name),):
            found[locale.code] = locale
    return tuple(found.values())


def matching(name: str) -> tuple[Locale, ...]:
    """Frozen locales of this code or language."""
    wanted = name.strip().replace("-", "_").lower()
    return tuple(one for one in frozen_locales() if wanted in (one.code.lower(), one.language))


def from_faker(name: str) -> Locale:
    """A locale drawn from Faker at run time: people, cities and texts; the rest as in en_US."""
    code = name.strip().replace("-", "_")
    try:
        faker_module = import_module("faker")
    except ImportError:
        raise UnknownLocale(name, "it is not frozen and Faker is not installed") from None
    try:
        fake = faker_module.Faker(code)
    except AttributeError:
        raise UnknownLocale(name, "it is not frozen and Faker does not know it") from None
    fake.seed_instance(0)

    def words(provider: str) -> tuple[Word, ...]:
        drawn = dict.fromkeys(str(getattr(fake, provider)()) for _ in range(24))
        return tuple(Word(text, plain(text) or f"Name{chr(97 + i)}") for i, text in enumerate(drawn))

    base = frozen_locales()[0]
    country = code.partition("_")[2] or base.country
    return replace(
        base,
        code=code,
        script="",
        country=country,
        country_name=next(
            (Word(en, en) for two, _, en in made_pools()["countries"] if two == country), base.country_name
        ),
        female=words("first_name_female"),
        male=words("first_name_male"),
        family_female=words("last_name"),
        family_male=words("last_name"),
        places=tuple(
            place._replace(city=city) for place, city in zip(base.places, words("city"), strict=False)
        ),
        streets=words("street_name"),
    )


def plain(text: str) -> str:
    """The ASCII letters left of a text when its accents are taken off."""
    from_marks = "".join(UNMARKED.get(letter, letter) for letter in normalised(text))
    return "".join(letter for letter in from_marks if letter.isascii())


UNMARKED = {
    "ß": "ss",
    "ł": "l",
    "Ł": "L",
    "ø": "o",
    "Ø": "O",
    "đ": "d",
    "Đ": "D",
    "ı": "i",
    "æ": "ae",
    "Æ": "Ae",
    "œ": "oe",
    "þ": "th",
    "ð": "d",
    "’": "'",
    "“": '"',
    "”": '"',
    "–": "-",
    "—": "-",
    "«": '"',
    "»": '"',
}


def normalised(text: str) -> str:
    """NFKD, which parts letters from accents."""
    return unicodedata.normalize("NFKD", text)
