"""Forms that validators ask of a text, whatever the column is called: numbers with check digits,
addresses of machines, dates as text, lists, documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from dbstate.catalog import Column
from dbstate.values.draw import Draw
from dbstate.values.known.codes import HEX, UPPER, gtin
from dbstate.values.known.keys import (
    bare_certificate,
    certificate_text,
    private_key_text,
    public_key_text,
    request_text,
)
from dbstate.values.known.places import latitude, longitude
from dbstate.values.known.writing import slug
from dbstate.values.meanings import snake

Form = tuple[str, Callable[[Draw], str]]
"""A regular expression searched in what is said of the column, and a function."""


def cpf(draw: Draw) -> str:
    """Brazil's number of a person, plain or dotted by the room there is."""
    digits = draw.digits(9)
    for size in (9, 10):
        total = sum(int(digit) * (size + 1 - place) for place, digit in enumerate(digits))
        digits += str(total * 10 % 11 % 10)
    return digits


def dotted_cpf(draw: Draw) -> str:
    """``111.444.777-35``."""
    digits = cpf(draw)
    return f"{digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"


def cnpj(draw: Draw) -> str:
    """Brazil's number of a firm."""
    digits = draw.digits(8) + "0001"
    for weights in ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)):
        rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        digits += "0" if rest < 2 else str(11 - rest)
    return digits


def dotted_cnpj(draw: Draw) -> str:
    """``11.222.333/0001-81``."""
    digits = cnpj(draw)
    return f"{digits[:2]}.{digits[2:5]}.{digits[5:8]}/{digits[8:12]}-{digits[12:]}"


def with_luhn(body: str) -> str:
    """The digits with Luhn's check digit."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


def nif(draw: Draw) -> str:
    """Spain's number of a person."""
    digits = draw.digits(8)
    return digits + "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23]


def abn(draw: Draw) -> str:
    """Australia's number of a firm."""
    body = draw.digits(9)
    weights = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights[2:], strict=True))
    for check in range(10, 100):
        first, second = divmod(check, 10)
        if (total + (first - 1) * weights[0] + second * weights[1]) % 89 == 0:
            return f"{check}{body}"
    return body


def siret(draw: Draw) -> str:
    """France's number of a place of work: that of the firm, and five digits more."""
    return with_luhn(with_luhn(draw.digits(8)) + "0001")


VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True)
)
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(draw: Draw) -> str:
    """Number of a vehicle, with its check digit."""
    text = f"1M8GDM9A0KP{draw.digits(6)}"
    total = sum(
        (int(letter) if letter.isdigit() else VIN_VALUES[letter]) * weight
        for letter, weight in zip(text, VIN_WEIGHTS, strict=True)
    )
    return f"{text[:8]}{'X' if total % 11 == 10 else total % 11}{text[9:]}"


def issn(draw: Draw) -> str:
    """Number of a periodical."""
    digits = draw.digits(7)
    check = -sum((8 - place) * int(digit) for place, digit in enumerate(digits)) % 11
    return f"{digits[:4]}-{digits[4:]}{'X' if check == 10 else check}"


def orcid(draw: Draw) -> str:
    """Number of a researcher (ISO 7064, 11-2)."""
    digits = "00000" + draw.digits(10)
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    text = digits + ("X" if check == 10 else str(check))
    return "-".join(text[place : place + 4] for place in range(0, 16, 4))


def pesel(draw: Draw) -> str:
    """Poland's number of a person."""
    body = f"850312{draw.digits(4)}"
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    return body + str(-sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 10)


def weighted(body_size: int, weights: Sequence[int]) -> Callable[[Draw], str]:
    """Digits and one that makes the weighted sum a multiple of 11 (10 is written 0)."""

    def made(draw: Draw) -> str:
        body = draw.digits(body_size)
        rest = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11
        return body + str(rest % 10)

    return made


def octets(draw: Draw, gap: str) -> str:
    """A hardware address of the locally administered kind."""
    low = draw.row if draw.unique else draw.below(1 << 32)
    text = f"02{low & 0xFFFFFFFFFF:010x}"
    return gap.join(text[place : place + 2] for place in range(0, 12, 2))


def hexadecimal(size: int) -> Callable[[Draw], str]:
    """So many hexadecimal digits."""
    return lambda draw: (
        draw.letters(size - 8, HEX)
        + (f"{draw.row & 0xFFFFFFFF:08x}" if draw.unique else draw.letters(8, HEX))
    )


def word(draw: Draw) -> str:
    """A short word of ASCII letters."""
    found = re.sub(r"[^a-z]", "", slug(draw)) or "item"
    return found[:12]


def words(draw: Draw, count: int) -> str:
    """So many capitalised words."""
    return " ".join([word(draw).title(), "Blue", "House", "River"][:count]) + (
        f" {draw.serial}" if draw.unique else ""
    )


def moment(draw: Draw) -> datetime:
    """When the row was made; another second for each row."""
    return draw.period.created + timedelta(seconds=draw.row % 3600 if draw.unique else 0)


def written(pattern: str) -> Callable[[Draw], str]:
    """The row's moment by a pattern of strftime."""
    return lambda draw: moment(draw).strftime(pattern)


def number(draw: Draw, least: int, greatest: int) -> int:
    """A whole number; the row's own where it must be unique."""
    return draw.row + least if draw.unique else draw.between(least, greatest)


def tagged(template: str) -> Callable[[Draw], str]:
    """A text with ``{word}``, ``{n}`` (a number), ``{d3}`` (so many digits) filled in."""

    def made(draw: Draw) -> str:
        text = template
        for size in map(int, re.findall(r"\{d(\d+)\}", template)):
            text = text.replace(f"{{d{size}}}", draw.digits(size), 1)
        count = str(number(draw, 1, 99))
        return (
            text.replace("{word}", word(draw))
            .replace("{n}", count)
            .replace("{WORD}", word(draw).upper())
            .replace("{Word}", word(draw).title())
        )

    return made


FORMS: tuple[Form, ...] = (
    (r"cidr|network|subnet|prefix", lambda draw: f"10.{number(draw, 0, 63) >> 8 & 255}.{number(draw, 0, 63) & 255}.0/24"),
    (r"cidr6|ipv6", lambda draw: f"2001:db8:{number(draw, 1, 999):x}::/48"),
    (r"mac|hardware", lambda draw: octets(draw, ":")),
    (r"mac|hardware", lambda draw: octets(draw, ":").upper()),
    (r"mac|hardware", lambda draw: octets(draw, "-")),
    (r"mac|hardware", lambda draw: octets(draw, "-").upper()),
    (r"\bkey|hex|token", hexadecimal(40)),
    (r"hex|md5|key", hexadecimal(32)),
    (r"hex|sha_?256|key", hexadecimal(64)),
    (r"hex", hexadecimal(16)),
    (r"hex", hexadecimal(20)),
    (r"hex", hexadecimal(12)),
    (r"hex", hexadecimal(24)),
    (r"hex|sha_?512|key", hexadecimal(128)),
    (r"digest|sha", lambda draw: "sha256:" + hexadecimal(64)(draw)),
    (r"base_?64", lambda draw: draw.letters(42, UPPER) + ("A=" if not draw.unique else "") if not draw.unique
        else draw.letters(43 - len(draw.serial), UPPER) + draw.serial + "="),
    (r"base_?64", lambda draw: "A" * (8 - len(draw.serial) % 8) + draw.letters(16, UPPER) + draw.serial),
    (r"base_?64", lambda draw: draw.letters(43, UPPER) + "="),
    (r"base_?32|totp|otp", lambda draw: draw.letters(32, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
    (r"\bcert|x_?509|\bpem|\bssl|\btls", certificate_text),
    (r"\bcert|x_?509|saml", bare_certificate),
    (r"csr|signing_request|\bpem", request_text),
    (r"public_?key|\bpem|ssh", public_key_text),
    (r"private_?key|\bpem|secret_?key", private_key_text),
    (r"repo|\bgit|\bvcs|clone|upstream|\bscm", lambda draw: f"https://example.org/group/{word(draw)}-{number(draw, 1, 99)}.git"),
    (r"usage_?key|block_?key|opaque|locator",
        lambda draw: f"block-v1:Example+CS101+2024+type@problem+block@{number(draw, 1, 99):032x}"),
    (r"semver|version", lambda draw: f"{draw.between(1, 9)}.{draw.below(20)}.{number(draw, 0, 30)}"),
    (r"version", lambda draw: f"v{draw.between(1, 9)}.{number(draw, 0, 30)}"),
    (r"mime|media", lambda draw: draw.choice(("text/plain", "text/html", "application/pdf", "image/png"))),
    (r"cron|schedule", lambda draw: f"{draw.below(60)} {draw.below(24)} * * *"),
    (r"cron", lambda draw: "*"),
    (r"cron|interval", lambda draw: "*/5"),
    (r"identifier|variable|name", lambda draw: f"{word(draw)}_{number(draw, 1, 99)}"),
    (r"dotted|import|python|callable", lambda draw: draw.choice(("json.dumps", "decimal.Decimal", "os.path.join"))),
    (r"class|camel", tagged("{Word}Item")),
    (r"env|constant|setting", tagged("{WORD}_{n}")),
    (r"e_?164|phone|msisdn|mobile", lambda draw: f"+4930{draw.digits(8)}"),
    (r"phone|tel", lambda draw: f"202-555-0{draw.digits(3)}"),
    (r"phone|tel", lambda draw: f"(202) 555-0{draw.digits(3)}"),
    (r"phone|tel|mobile", lambda draw: f"202555{draw.digits(4)}"),
    (r"cpf", dotted_cpf),
    (r"cpf", cpf),
    (r"cnpj", dotted_cnpj),
    (r"cnpj", cnpj),
    (r"siren", lambda draw: with_luhn(draw.digits(8))),
    (r"siret", siret),
    (r"nif|dni|nie", nif),
    (r"abn", abn),
    (r"pesel", pesel),
    (r"nip\b", weighted(9, (6, 5, 7, 2, 3, 4, 5, 6, 7))),
    (r"ssn|social", lambda draw: f"212-{11 + draw.below(80)}-{draw.digits(4)}"),
    (r"ein|tax", lambda draw: f"12-{draw.digits(7)}"),
    (r"iban", lambda draw: german_iban(draw)),
    (r"bic|swift", lambda draw: f"ABCD{draw.choice(('DE', 'FR', 'GB'))}FF"),
    (r"vat", lambda draw: "DE136695976"),
    (r"vin\b|vehicle", vin),
    (r"isbn", lambda draw: gtin("9783" + draw.digits(8))),
    (r"isbn", lambda draw: f"978-3-16-148410-{gtin('978316148410')[-1]}"),
    (r"issn", issn),
    (r"orcid", orcid),
    (r"doi", lambda draw: f"10.5555/{draw.digits(8)}"),
    (r"ean|gtin|barcode", lambda draw: gtin("20" + draw.digits(10))),
    (r"ean|gtin|barcode", lambda draw: gtin("20" + draw.digits(5))),
    (r"upc", lambda draw: gtin("4" + draw.digits(10))),
    (r"luhn|card|imei|pan\b", lambda draw: with_luhn("424242" + draw.digits(9))),
    (r"luhn|imei", lambda draw: with_luhn("49015420" + draw.digits(6))),
    (r"luhn|iccid", lambda draw: with_luhn("8949" + draw.digits(14))),
    (r"rrule|recurr|ical", lambda draw: f"RRULE:FREQ=DAILY;COUNT={number(draw, 1, 99)}"),
    (r"rrule|recurr|ical", lambda draw: f"FREQ=WEEKLY;COUNT={number(draw, 1, 99)}"),
    (r"time_?zone|\btz", lambda draw: draw.person.place.zone),
    (r"lang", lambda draw: draw.choice(("en", "de", "fr", "es", "ja"))),
    (r"locale", lambda draw: draw.choice(("en_US", "de_DE", "fr_FR"))),
    (r"locale|lang", lambda draw: draw.choice(("en-US", "de-DE", "fr-FR"))),
    (r"country", lambda draw: draw.choice(("US", "DE", "FR", "JP"))),
    (r"country", lambda draw: draw.choice(("USA", "DEU", "FRA", "JPN"))),
    (r"currency", lambda draw: draw.choice(("EUR", "USD", "GBP", "JPY"))),
    (r"currency|symbol", lambda draw: draw.choice(("€", "$", "£"))),
    (r"lat|coord|position|point|geo", lambda draw: f"{latitude(draw)},{longitude(draw)}"),
    (r"lat|coord|point", lambda draw: f"{latitude(draw)} {longitude(draw)}"),
    (r"point|geo|wkt", lambda draw: f"POINT({longitude(draw)} {latitude(draw)})"),
    (r"json|list", lambda draw: f'["{word(draw)}", "{number(draw, 1, 99)}"]'),
    (r"json", lambda draw: f'{{"name": "{word(draw)}", "value": {number(draw, 1, 99)}}}'),
    (r"json", lambda draw: f'[{{"name": "{word(draw)}", "value": {number(draw, 1, 99)}}}]'),
    (r"json", lambda draw: "{}"),
    (r"json", lambda draw: "[]"),
    (r"yaml|header|key", lambda draw: f"{word(draw)}: {number(draw, 1, 99)}"),
    (r"ini|key|param|query", lambda draw: f"{word(draw)}={number(draw, 1, 99)}"),
    (r"csv|list", lambda draw: f"{word(draw)},{number(draw, 1, 99)},blue,green"),
    (r"ints|integer|list", lambda draw: f"{number(draw, 1, 99)},2,3"),
    (r"ints|integer|list", lambda draw: f"{number(draw, 1, 99)};2;3"),
    (r"ints|list|space", lambda draw: f"{number(draw, 1, 99)} 2 3"),
    (r"range", lambda draw: f"{number(draw, 1, 99)}-{number(draw, 1, 99) + 100}"),
    (r"mail", lambda draw: f"{word(draw)}{number(draw, 1, 99)}@example.com"),
    (r"mails|recipients|addresses", lambda draw: f"a{number(draw, 1, 99)}@example.org, b@example.org"),
    (r"mails|recipients|addresses", lambda draw: f"a{number(draw, 1, 99)}@example.org,b@example.org"),
    (r"mail|sender|from", lambda draw: f"Anna Beck <anna{number(draw, 1, 99)}@example.org>"),
    (r"path|url|route", lambda draw: f"/{word(draw)}-{number(draw, 1, 99)}/"),
    (r"path|file", lambda draw: f"/{word(draw)}/file-{number(draw, 1, 99)}.txt"),
    (r"extension|suffix", lambda draw: draw.choice((".txt", ".pdf", ".png", ".jpg"))),
    (r"extension", lambda draw: draw.choice(("txt", "pdf", "png", "jpg"))),
    (r"uri|url|link", lambda draw: f"https://www.example.org/{word(draw)}-{number(draw, 1, 99)}"),
    (r"uri|url|link", lambda draw: f"https://example.org/{word(draw)}-{number(draw, 1, 99)}/"),
    (r"ftp", tagged("ftp://example.org/{word}-{n}")),
    (r"ssh|git", tagged("git@example.org:{word}/{word}-{n}.git")),
    (r"s3|bucket", tagged("s3://example-bucket/{word}/{n}")),
    (r"arn|aws", tagged("arn:aws:s3:::example-bucket/{word}-{n}")),
    (r"dsn|database", tagged("postgres://user:secret@db.example.org:5432/{word}_{n}")),
    (r"redis|broker", tagged("redis://cache.example.org:6379/{n}")),
    (r"host|port", tagged("db{n}.example.org:5432")),
    (r"docker|image", tagged("registry.example.org/{word}:{n}")),
    (r"video|youtube", lambda draw: f"https://www.youtube.com/watch?v=dQw4w9W{draw.letters(4, UPPER)}"),
    (r"video|vimeo", lambda draw: f"https://vimeo.com/{draw.digits(9)}"),
    (r"handle|twitter|user", tagged("@{word}{n}")),
    (r"tag", tagged("#{word}")),
    (r"jid|xmpp|matrix", tagged("@{word}{n}:example.org")),
    (r"colou?r", lambda draw: "#" + (f"{draw.row & 0xFFFFFF:06x}" if draw.unique else draw.letters(6, HEX))),
    (r"colou?r", lambda draw: "#" + draw.letters(6, HEX).upper()),
    (r"colou?r", lambda draw: "#" + draw.letters(3, HEX)),
    (r"colou?r", lambda draw: "#" + draw.letters(3, HEX).upper()),
    (r"colou?r", lambda draw: f"rgb({draw.below(256)}, {draw.below(256)}, {draw.below(256)})"),
    (r"colou?r", lambda draw: f"rgba({draw.below(256)}, {draw.below(256)}, {draw.below(256)}, 0.5)"),
    (r"colou?r", lambda draw: f"hsl({draw.below(360)}, 50%, 40%)"),
    (r"colou?r", lambda draw: draw.choice(("red", "green", "blue", "white", "black"))),
    (r"date", written("%Y-%m-%d")),
    (r"date", written("%d/%m/%Y")),
    (r"date", written("%d.%m.%Y")),
    (r"date", written("%m/%d/%Y")),
    (r"date", written("%Y%m%d")),
    (r"date|month", written("%Y-%m")),
    (r"date|month|expir", written("%m/%Y")),
    (r"date|month|expir", written("%m/%y")),
    (r"year", written("%Y")),
    (r"year|season", lambda draw: f"{moment(draw).year}/{moment(draw).year + 1}"),
    (r"week", written("%G-W%V")),
    (r"date|time|stamp", written("%Y-%m-%dT%H:%M:%SZ")),
    (r"date|time|stamp", written("%Y-%m-%d %H:%M:%S")),
    (r"time|hour", written("%H:%M")),
    (r"time|hour", written("%H:%M:%S")),
    (r"time|hour", written("%I:%M %p")),
    (r"hours|opening", lambda draw: f"0{draw.between(7, 9)}:00-1{draw.between(6, 9)}:30"),
    (r"duration|period", lambda draw: f"P{number(draw, 1, 30)}D"),
    (r"duration|period", lambda draw: f"PT{number(draw, 1, 30)}M"),
    (r"duration|period|interval", lambda draw: f"{number(draw, 1, 30)}d"),
    (r"duration|period|interval", lambda draw: f"{number(draw, 1, 30)}m"),
    (r"zip|postal|post_?code", lambda draw: f"{10000 + number(draw, 0, 79999)}"),
    (r"zip", lambda draw: f"{10000 + number(draw, 0, 79999)}-{draw.between(1000, 9999)}"),
    (r"postal|post_?code", lambda draw: f"SW{draw.between(1, 9)}A {draw.between(1, 9)}AA"),
    (r"postal|post_?code", lambda draw: f"K{draw.between(1, 9)}A {draw.between(1, 9)}B{draw.between(1, 9)}"),
    (r"amount|price|number|decimal", lambda draw: f"{number(draw, 1, 99)}.50"),
    (r"amount|price|number", lambda draw: f"-{number(draw, 1, 99)}"),
    (r"amount|money", lambda draw: f"EUR {number(draw, 1, 99)}.50"),
    (r"amount|money", lambda draw: f"{number(draw, 1, 99)}.50 EUR"),
    (r"percent|width|ratio", lambda draw: f"{number(draw, 1, 99)}%"),
    (r"width|height|size|css", lambda draw: f"{number(draw, 1, 99)}px"),
    (r"width|height|size", lambda draw: f"{number(draw, 1, 99)}x{draw.between(1, 99)}"),
    (r"ratio|aspect", lambda draw: f"{draw.between(1, 16)}:{number(draw, 1, 9)}"),
    (r"size|bytes", lambda draw: f"{number(draw, 1, 99)}MB"),
    (r"regex|pattern", lambda draw: f"^{word(draw)}{number(draw, 1, 99)}$"),
    (r"glob|pattern|wildcard", lambda draw: f"*.{word(draw)}"),
    (r"template", lambda draw: f"{word(draw)} {{{{ name }}}}"),
    (r"template|format", lambda draw: f"{word(draw)} {{name}}"),
    (r"template|format", lambda draw: f"{word(draw)} %s"),
    (r"template|format", lambda draw: f"{word(draw)} %(name)s"),
    (r"sql|query", lambda draw: f"SELECT {number(draw, 1, 99)}"),
    (r"xml|svg", lambda draw: f"<item id=\"{number(draw, 1, 99)}\">{word(draw)}</item>"),
    (r"svg", lambda draw: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'),
    (r"html", lambda draw: f"<p>{word(draw)}</p>"),
    (r"css|style", lambda draw: f"color: #{draw.letters(6, HEX)};"),
    (r"pem|certificate|public", lambda draw: f"-----BEGIN CERTIFICATE-----\n{draw.letters(64, UPPER)}\n-----END CERTIFICATE-----"),
    (r"ssh|public", lambda draw: f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{draw.letters(43, UPPER)} {word(draw)}@example.org"),
    (r"jwt|token", lambda draw: f"eyJhbGciOiJIUzI1NiJ9.{draw.letters(24, UPPER)}.{draw.letters(43, UPPER)}"),
    (r"quote", lambda draw: f'"{word(draw)} {number(draw, 1, 99)}"'),
    (r"question", lambda draw: f"Is {word(draw)} {number(draw, 1, 99)} open?"),
    (r"sentence", lambda draw: f"The {word(draw)} has number {number(draw, 1, 99)}."),
    (r"name", lambda draw: words(draw, 2)),
    (r"name", lambda draw: words(draw, 3)),
    (r"name", lambda draw: words(draw, 1)),
    (r"roman", lambda draw: draw.choice(("I", "II", "III", "IV", "V", "X", "XII"))),
    (r"emoji|icon", lambda draw: draw.choice(("\U0001f600", "\U0001f680", "\U0001f389"))),
    (r"yes|bool|flag", lambda draw: draw.choice(("yes", "no"))),
    (r"yes|bool|flag", lambda draw: draw.choice(("Y", "N"))),
    (r"bool|flag", lambda draw: draw.choice(("true", "false"))),
    (r"bool|flag", lambda draw: draw.choice(("on", "off"))),
    (r"sex|gender", lambda draw: draw.choice(("M", "F"))),
    (r"sex|gender", lambda draw: draw.choice(("male", "female"))),
    (r"day", lambda draw: draw.choice(("monday", "tuesday", "wednesday", "thursday", "friday"))),
    (r"day", lambda draw: draw.choice(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"))),
    (r"day", lambda draw: draw.choice(("Mon", "Tue", "Wed", "Thu", "Fri"))),
    (r"month", lambda draw: draw.choice(("January", "March", "May", "July", "October"))),
    (r"level|priority|severity", lambda draw: draw.choice(("low", "medium", "high"))),
    (r"level|log", lambda draw: draw.choice(("DEBUG", "INFO", "WARNING", "ERROR"))),
    (r"method|verb", lambda draw: draw.choice(("GET", "POST", "PUT", "DELETE"))),
    (r"size", lambda draw: draw.choice(("S", "M", "L", "XL"))),
    (r"grade|class", lambda draw: draw.choice(("A", "B", "C"))),
    (r"status|state", lambda draw: draw.choice(("new", "open", "closed"))),
    (r"status|state", lambda draw: draw.choice(("draft", "published", "archived"))),
    (r"status|state", lambda draw: draw.choice(("pending", "active", "done"))),
    (r"direction|order|sort", lambda draw: draw.choice(("asc", "desc"))),
    (r"unit", lambda draw: draw.choice(("kg", "g", "m", "cm"))),
    (r"blood", lambda draw: draw.choice(("A+", "B-", "0+", "AB+", "O-"))),
)  # fmt: skip
"""The likelier of two forms of the same words stands first."""


def german_iban(draw: Draw) -> str:
    """An IBAN with right check digits."""
    account = "37040044" + draw.digits(10)
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def said_of(column: Column) -> str:
    """What is said of a column, in snake case: its names, help, field class and validators."""
    classes = [name.rpartition(".")[2] for name in column.ancestors if not name.startswith("django.db")]
    parts = (column.field, column.label, column.help, *classes[:3], *column.hint_words)
    return " ".join(snake(part) for part in parts)


def asked_forms(column: Column) -> int:
    """How many forms the words of the column call for; they stand first in ``ordered_forms``."""
    said = said_of(column)
    return sum(1 for words, _ in FORMS if re.search(words, said))


def ordered_forms(column: Column) -> Iterator[Callable[[Draw], str]]:
    """All forms: first those whose words occur in what is said of the column."""
    said = said_of(column)
    called = [re.search(words, said) is not None for words, _ in FORMS]
    yield from (made for (_, made), asked in zip(FORMS, called, strict=True) if asked)
    yield from (made for (_, made), asked in zip(FORMS, called, strict=True) if not asked)
