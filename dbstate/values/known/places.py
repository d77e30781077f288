"""Meanings about places: streets, cities, countries, coordinates."""

from __future__ import annotations

from dbstate.catalog import Column
from dbstate.values.draw import Draw, street_line
from dbstate.values.locales import Locale, Place, Word, made_pools
from dbstate.values.meanings import Meaning
from dbstate.values.parts import Shared, made_of, one_of

NUMBERS = ("decimal", "float")


@made_of("person.street", "person.house", "person.locale")
def street(draw: Draw, name: Word, number: str, locale: Locale) -> str:
    """Street and house number."""
    return street_line(name, number, locale, ascii_only=draw.ascii)


@made_of("person.street")
def street_name(draw: Draw, name: Word) -> str:
    """Street alone."""
    return draw.shown(name)


@made_of("person.street", "person.house", "person.locale", "person.place")
def address(draw: Draw, name: Word, number: str, locale: Locale, place: Place) -> str:
    """Street, postcode and city in one line."""
    line = street_line(name, number, locale, ascii_only=draw.ascii)
    return f"{line}, {place.postcode} {draw.shown(place.city)}"


second_line = one_of("2. OG", "Apt 4B", "c/o Example", "3rd floor", "Unit 12")


@made_of("person.house")
def house(draw: Draw, number: str) -> str:
    """House number."""
    return number


@made_of("person.place")
def postcode(draw: Draw, place: Place) -> str:
    """The city's own."""
    text = place.postcode
    room = draw.column.max_length
    return text if room is None or room >= len(text) else text.replace("-", "").replace(" ", "")[:room]


@made_of("person.place")
def city(draw: Draw, place: Place) -> str:
    """City."""
    return draw.shown(place.city)


@made_of("person.place")
def region(draw: Draw, place: Place) -> str:
    """State, province or region; its first letters where only a code fits."""
    word = place.region
    room = draw.column.max_length
    return word.ascii[:room].upper() if room is not None and room <= 3 else draw.shown(word)


@made_of("person.locale")
def country(draw: Draw, locale: Locale) -> str:
    """Country in its own language, or by its ISO 3166-1 code where only that fits."""
    room = draw.column.max_length
    if room is not None and room <= 3:
        return alpha3(locale.country) if room == 3 else locale.country
    return draw.shown(locale.country_name)


@made_of("person.locale")
def country_code(draw: Draw, locale: Locale) -> str:
    """ISO 3166-1 alpha-2, alpha-3 where three letters are asked for."""
    if "numeric" in draw.column.field:
        return NUMERIC.get(locale.country, "276")
    return alpha3(locale.country) if wants_three(draw.column) else locale.country


NUMERIC = {
    "JP": "392", "DE": "276", "EG": "818", "GR": "300", "PL": "616", "CN": "156", "IN": "356", "FR": "250",
    "KR": "410", "IL": "376", "ES": "724", "TH": "764", "GE": "268", "TR": "792", "UA": "804", "AM": "051",
    "BR": "076", "US": "840", "RU": "643", "GB": "826", "IT": "380", "NL": "528", "SE": "752", "TW": "158",
}  # fmt: skip
"""ISO 3166-1 numbers of the frozen locales' countries."""


def wants_three(column: Column) -> bool:
    """Whether a country's code has three letters here."""
    return column.max_length == 3 or column.field.endswith(("3", "_three"))


def alpha3(code: str) -> str:
    """Three letters for two."""
    return next((str(three) for two, three, _ in made_pools()["countries"] if two == code), code + "A")


def country_pool(column: Column) -> tuple[str, ...]:
    """All countries, as the column shows them."""
    room = column.max_length
    if room is not None and room <= 3:
        return country_codes(column)
    return tuple(name for _, _, name in made_pools()["countries"])


def country_codes(column: Column) -> tuple[str, ...]:
    """All ISO 3166-1 codes."""
    return tuple(three if wants_three(column) else two for two, three, _ in made_pools()["countries"])


@made_of("person.place", Shared("spot", 2000))
def latitude(draw: Draw, place: Place, spot: int) -> float:
    """Near the person's city."""
    return round(place.latitude + (spot - 1000) / 1e5, 5)


@made_of("person.place", Shared("spot", 2000))
def longitude(draw: Draw, place: Place, spot: int) -> float:
    """Near the person's city."""
    return round(place.longitude + (spot - 1000) / 1e5, 5)


def coordinates(draw: Draw) -> str:
    """Latitude and longitude in one text."""
    return f"{latitude(draw)},{longitude(draw)}"


@made_of("person.place")
def zone(draw: Draw, place: Place) -> str:
    """The city's IANA time zone."""
    return place.zone


def zone_pool(column: Column) -> tuple[str, ...]:
    """All IANA time zones that fit."""
    room = column.max_length or 99
    return tuple(name for name in made_pools()["zones"] if len(name) <= room)


PLACES = (
    Meaning("country code", country_code, r"(^|_)(country_?code|country_?iso|iso_?3166.*|alpha_?[23]|"
            r"iso_?code_?[23]?|cca[23]|country_?iso_?[23])$", tables="", coded=True, agrees=True, pool=country_codes,
            shortest=2, longest=3),
    Meaning("country code", country_code, r"^(code|iso|iso_?[23a-z]*|abbreviation|symbol|id)$",
            tables=r"(^|_)countr(y|ies)$", coded=True, agrees=True, pool=country_codes, shortest=2),
    Meaning("country code", country_code, r"(^|_)(country_?code|country_?iso)$", coded=True, agrees=True,
            pool=country_codes, shortest=2),
    Meaning("country code", country, r"(^|_)(country|nationality|nation|citizenship)$", coded=True, agrees=True,
            pool=country_codes, shortest=2, longest=3),
    Meaning("country", country, r"(^|_)(country|country_?name|nationality|nation|citizenship|country_of_.*)$",
            agrees=True, pool=country_pool, formats=("country",), shortest=2),
    Meaning("country", country, r"(^|_)(name|title|label|printable_name|full_name|official_name)$",
            tables=r"(^|_)countr(y|ies)$", agrees=True, pool=country_pool),
    Meaning("city", city, r"(^|_)(city|town|city_?name|municipality|village|locality|line4|place_?of_?birth|birth_?place|"
            r"hometown|origin_city|suburb)$", agrees=True),
    Meaning("city", city, r"^(name|title|label)$", tables=r"(^|_)(city|cities|town|place|location|destination|venue)s?$",
            agrees=True),
    Meaning("region", region, r"(^|_)(region|region_?name|province|county|prefecture|state_?(name|province)|"
            r"federal_?state|administrative_area|canton)$", agrees=True),
    Meaning("region", region, r"^(state|state_?code|.*address_state|(billing|shipping|home|delivery)_state)$",
            tables=r"address|location|place|person|profile|customer|contact|venue|company|user|city|order|store|site",
            agrees=True),
    Meaning("region", region, r"^(state|state_?code)$", beside=r"(^|_)(city|town|locality|post_?code|zip_?code|postal_?code)$",
            agrees=True),
    Meaning("region", region, r"^(name|title|label)$", tables=r"(^|_)(region|province|state|county|district)s?$",
            agrees=True),
    Meaning("postcode", postcode, r"(^|_)(post_?code|zip|zip_?code|postal_?code|plz|postal)$", coded=True, agrees=True,
            shortest=4, kinds=("text",)),
    Meaning("house number", house, r"(^|_)(house_?(number|no|nr)|building_?(number|no)|street_?(number|no)|hausnummer)$",
            kinds=("text", "integer"), agrees=True),
    Meaning("address line 2", second_line, r"(^|_)(address_?line_?[2345]|address_?[2345]|street_?[2345]|line_?[235]|apartment|"
            r"apt|suite|floor|unit_?number|addressline[2345])$"),
    Meaning("street", street, r"(^|_)(street|street_?address|address_?(line_?)?1|address_?line|addr_?1?|line_?1|road|"
            r"street_?1|street_?line.*)$", agrees=True),
    Meaning("street name", street_name, r"(^|_)street_?name$", agrees=True),
    Meaning("address", address, r"(^|_)((mailing|postal|home|full|billing|shipping|delivery|formatted|physical)_?)?address$|"
            r"(^|_)(location|venue|place)(_name|_address)?$", agrees=True),
    Meaning("latitude", latitude, r"(^|_)(lat|latitude|geo_?lat)$", kinds=NUMBERS, agrees=True, least=-90, greatest=90),
    Meaning("longitude", longitude, r"(^|_)(lng|lon|long|longitude|geo_?(lng|lon|long))$", kinds=NUMBERS, agrees=True,
            least=-180, greatest=180),
    Meaning("latitude", lambda draw: str(latitude(draw)), r"(^|_)(lat|latitude)$", coded=True, agrees=True, shortest=9),
    Meaning("longitude", lambda draw: str(longitude(draw)), r"(^|_)(lng|lon|longitude)$", coded=True, agrees=True,
            shortest=10),
    Meaning("coordinates", coordinates, r"(^|_)(coordinates|coords|lat_?l(o?ng?|ong)|geo_?(location|point)|position_gps)$",
            coded=True, agrees=True),
    Meaning("time zone", zone, r"(^|_)(time_?zone(_?name)?|tz|tz_?name|tzinfo)$", coded=True, agrees=True, pool=zone_pool,
            formats=("timezone",), shortest=3),
)  # fmt: skip
