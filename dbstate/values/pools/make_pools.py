"""Make made.json beside this file: names, romanised forms, phone ranges and codes of the frozen locales.

Run by hand while developing, with Faker, anyascii, Babel and phonenumbers installed; dbstate itself never
imports it. The result depends on nothing but those four packages' own tables: no random draw is made.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCES = {"ar_EG": "ar_AA"}
"""Where Faker keeps a locale's names under another one."""
NAMES = 28
"""Names kept of each kind and locale."""


def sections(text: str) -> dict[str, dict[str, list[str]]]:
    """curated.txt as locale -> key -> items (places stay whole lines)."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, rest = line.partition(": ")
            items = [rest] if key in ("place", "address") else rest.split(" | ")
            current.setdefault(key, []).extend(items)
    return found


def romanised(text: str) -> str:
    """An ASCII form, capitalised word by word."""
    plain = str(import_module("anyascii").anyascii(text)).replace("'", "").replace("`", "").strip()
    return " ".join(word if word.isupper() else word[:1].upper() + word[1:].lower() for word in plain.split())


def thinned(names: Iterable[str]) -> list[str]:
    """At most NAMES names, evenly taken, short single words only."""
    kept = [name for name in dict.fromkeys(names) if is_word(name) and len(name) < 14]
    return kept[:: max(1, len(kept) // NAMES)][:NAMES]


def is_word(name: str) -> bool:
    """Whether it is letters, vowel signs (which isalpha() refuses in Hindi and Thai) and hyphens."""
    return all(unicodedata.category(letter)[0] in "LM" or letter == "-" for letter in name)


def paired(names: Iterable[str]) -> list[list[str]]:
    """Names beside their ASCII forms; without those whose ASCII form is already taken or no word."""
    pairs: dict[str, str] = {}
    for name in names:
        plain = romanised(name)
        if plain.replace("-", "").isalpha():
            pairs.setdefault(plain, name)
    return [[name, plain] for plain, name in pairs.items()]


def people(locale: str) -> dict[str, list[list[str]]]:
    """Given and family names by sex, as Faker's provider for the locale lists them."""
    provider: Any = import_module(f"faker.providers.person.{SOURCES.get(locale, locale)}").Provider
    if locale == "ja_JP":
        return {
            "female": [[kanji, latin] for kanji, _, latin in provider.first_name_female_pairs][:NAMES],
            "male": [[kanji, latin] for kanji, _, latin in provider.first_name_male_pairs][:NAMES],
            "family_female": [[kanji, latin] for kanji, _, latin in provider.last_name_pairs][:NAMES],
            "family_male": [[kanji, latin] for kanji, _, latin in provider.last_name_pairs][:NAMES],
        }

    def names(*attributes: str) -> list[list[str]]:
        for attribute in attributes:
            if found := getattr(provider, attribute, None):
                return paired(thinned(found))
        raise SystemExit(f"Faker lists none of {attributes} for {locale}")

    return {
        "female": names("first_names_female", "first_names"),
        "male": names("first_names_male", "first_names"),
        "family_female": names("last_names_female", "last_names"),
        "family_male": names("last_names_male", "last_names"),
    }


def phone_range(country: str) -> list[str | int]:
    """A prefix in E.164 and how many digits after it may be anything, valid to libphonenumber."""
    phonenumbers = import_module("phonenumbers")
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        example = phonenumbers.example_number_for_type(country, kind)
        text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        for free in (6, 5, 4):
            prefix = text[:-free]
            probes = (prefix + str(number).zfill(free) for number in range(0, 10**free, 7 if free > 4 else 1))
            if all(phonenumbers.is_valid_number(phonenumbers.parse(probe)) for probe in probes):
                return [prefix, free]
    raise SystemExit(f"no range of valid phone numbers found for {country}")


def countries() -> list[list[str]]:
    """[alpha-2, alpha-3, English name] of today's countries and territories."""
    provider = import_module("faker.providers.date_time").Provider
    names = babel_locale("en").territories
    rows = [(c.alpha_2_code, c.alpha_3_code, names[c.alpha_2_code]) for c in provider.countries]
    return [list(row) for row in sorted(rows, key=lambda row: row[0])]


def currencies() -> list[list[str | int]]:
    """[ISO 4217 code, English name, decimal places] of the currencies in use."""
    numbers = import_module("babel.numbers")
    codes: set[str] = set()
    for country, _, _ in countries():
        codes.update(numbers.get_territory_currencies(country, tender=True))
    names = babel_locale("en").currencies
    return [
        [code, names[code], numbers.get_currency_precision(code)] for code in sorted(codes) if code in names
    ]


def languages() -> list[list[str]]:
    """[ISO 639-1 code, English name] of the living languages that have one."""
    names = babel_locale("en").languages
    return [[code, name] for code, name in sorted(names.items()) if len(code) == 2 and code not in DATED]


DATED = ("ae", "av", "cu", "ie", "io", "mo", "no", "sh", "tl", "tw", "vo")


def zones() -> list[str]:
    """Time zones of Faker's countries, canonical ones by their names."""
    provider = import_module("faker.providers.date_time").Provider
    found = {zone for country in provider.countries for zone in country.timezones}
    return sorted(zone for zone in found if "/" in zone and zone.split("/")[0] in AREAS)


AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def made() -> dict[str, Any]:
    """All of made.json."""
    curated = sections((HERE / "curated.txt").read_text(encoding="utf-8"))
    locales: dict[str, Any] = {}
    ascii_forms: dict[str, str] = {}
    for locale, items in curated.items():
        country = locale[3:]
        name = babel_locale(locale).territories[country]
        known = dict(pair.split("=") for pair in items.get("ascii", ()))
        locales[locale] = {
            **people(locale),
            **by_hand(items),
            "phone": phone_range(country),
            "country": [country, name, babel_locale("en").territories[country]],
        }
        for text in place_texts(items):
            if not text.isascii():
                ascii_forms[text] = known.get(text) or romanised(text)
    return {
        "locales": locales,
        "ascii": ascii_forms,
        "countries": countries(),
        "currencies": currencies(),
        "languages": languages(),
        "zones": zones(),
    }


def babel_locale(code: str) -> Any:
    """Babel's locale of this code."""
    return import_module("babel").Locale.parse(code)


def by_hand(items: dict[str, list[str]]) -> dict[str, list[list[str]]]:
    """The names that curated.txt gives for a locale; ``family`` stands for both sexes."""
    given = {key: items[key] for key in ("female", "male", "family_female", "family_male") if key in items}
    if "family" in items:
        given |= {"family_female": items["family"], "family_male": items["family"]}
    return {key: [pair.split("=") for pair in pairs] for key, pairs in given.items()}


def place_texts(items: dict[str, list[str]]) -> list[str]:
    """Streets, cities and regions of one section."""
    parts = [line.split("; ") for line in items["place"]]
    return items["streets"] + [part[0] for part in parts] + [part[1] for part in parts]


def main() -> None:
    """Write made.json; print its size in bytes."""
    text = json.dumps(made(), ensure_ascii=False, indent=0, sort_keys=True)
    target = HERE / "made.json"
    target.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{target.name}: {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
