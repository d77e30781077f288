"""Meanings that are codes: of standards, with check digits, tokens, versions."""

from __future__ import annotations

from dbstate.catalog import Column
from dbstate.values.draw import Draw
from dbstate.values.identifiers import row_uuid
from dbstate.values.locales import Locale, made_pools
from dbstate.values.meanings import Meaning
from dbstate.values.parts import Digits, Letters, made_of, one_of

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HEX = "0123456789abcdef"
ALNUM = "0123456789abcdefghijklmnopqrstuvwxyz"


@made_of("money.currency")
def currency(draw: Draw, code: str) -> str:
    """The ISO 4217 code of the row's money."""
    return code


def currency_pool(column: Column) -> tuple[str, ...]:
    """All ISO 4217 codes in use."""
    return tuple(code for code, _, _ in made_pools()["currencies"])


def currency_name(draw: Draw) -> str:
    """English name of the row's currency."""
    return next(
        (str(name) for code, name, _ in made_pools()["currencies"] if code == draw.money.currency), "Euro"
    )


def currency_names(column: Column) -> tuple[str, ...]:
    """All of them."""
    return tuple(name for _, name, _ in made_pools()["currencies"])


@made_of("person.locale")
def language(draw: Draw, locale: Locale) -> str:
    """ISO 639-1 code; with the country where five characters are asked for."""
    return locale.language


def language_pool(column: Column) -> tuple[str, ...]:
    """All ISO 639-1 codes."""
    return tuple(code for code, _ in made_pools()["languages"])


def language_name(draw: Draw) -> str:
    """English name of the row's language."""
    wanted = draw.person.locale.language
    return next((str(name) for code, name in made_pools()["languages"] if code == wanted), "English")


def language_names(column: Column) -> tuple[str, ...]:
    """All of them."""
    return tuple(name for _, name in made_pools()["languages"])


def locale_name(draw: Draw) -> str:
    """``de_DE``; with a hyphen in ``language_tag`` and the like."""
    code = draw.person.locale.code
    return code.replace("_", "-") if "tag" in draw.column.field.lower() else code


def iban(draw: Draw) -> str:
    """A German IBAN with right check digits, of a bank that does not exist."""
    account = "00000000" + draw.digits(10)
    number = int(account + "131400")
    return f"DE{98 - number % 97:02d}{account}"


def bic(draw: Draw) -> str:
    """A business identifier of eight letters, of no real bank."""
    code = draw.person.locale.country
    return f"XX{draw.letters(2, UPPER)}{code}XX"


def vat(draw: Draw) -> str:
    """A German VAT number with its check digit."""
    digits = draw.digits(8)
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return f"DE{digits}{(11 - product) % 10}"


def gtin(body: str) -> str:
    """The digits with their GS1 check digit (EAN-13, EAN-8, UPC-A, ISBN-13)."""
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return body + str(-weighted % 10)


def ean(draw: Draw) -> str:
    """EAN-13 in the range for shops' own use."""
    return gtin("20" + draw.digits(10))


def upc(draw: Draw) -> str:
    """UPC-A in the range for shops' own use."""
    return gtin("4" + draw.digits(10))


def isbn(draw: Draw) -> str:
    """ISBN-13; ISBN-10 where only ten characters fit."""
    room = draw.column.max_length
    if room is not None and room < 13:
        body = "3" + draw.digits(8)
        check = -sum((10 - place) * int(digit) for place, digit in enumerate(body)) % 11
        return body + ("X" if check == 10 else str(check))
    return gtin("979" + "1" + draw.digits(8))


def card_digits(draw: Draw) -> str:
    """The last four digits of a card."""
    return draw.digits(4)


def card_number(draw: Draw) -> str:
    """A card number for tests, with its check digit."""
    body = "424242" + draw.digits(9)
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


@made_of(Digits(5), Letters(2, UPPER))
def sku(draw: Draw, number: str, letters: str) -> str:
    """``KB-40217``."""
    room = draw.column.max_length or 20
    return (
        f"{letters}-{number}"
        if room >= 3 + len(number)
        else number[-room:]
        if not draw.unique
        else number.lstrip("0")
    )


@made_of(Digits(6), "period.created.year")
def reference(draw: Draw, number: str, year: int) -> str:
    """``2024-000123``."""
    room = draw.column.max_length or 20
    return (
        f"{year}-{number}" if room >= 5 + len(number) else number if not draw.unique else number.lstrip("0")
    )


def foreign_id(draw: Draw) -> str:
    """``cus_8fk3m2x40000a1``: an identifier of another system, by the column's first letters."""
    room = draw.column.max_length or 24
    head = "".join(letter for letter in draw.column.field.lower() if letter.isascii() and letter.isalpha())[
        :3
    ]
    tail = f"{draw.row:08x}" if draw.unique else draw.letters(8, HEX)
    body = max(min(room, 24) - len(head) - 1 - len(tail), 0)
    text = f"{head}_{draw.letters(body, ALNUM)}{tail}"
    return text if len(text) <= room else tail[-room:]


def code(draw: Draw) -> str:
    """A few capitals and digits."""
    room = draw.column.max_length or 8
    if draw.unique:
        return (draw.letters(2, UPPER) if room >= len(draw.serial) + 2 else "") + draw.serial
    return (draw.letters(min(2, room), UPPER) + draw.digits(4))[: max(room, 1)]


def version(draw: Draw) -> str:
    """``2.4.1``."""
    return f"{draw.between(1, 9)}.{draw.below(20)}.{draw.serial or draw.below(30)}"


def token(draw: Draw) -> str:
    """Hexadecimal digits: as many as fit, 40 at most."""
    size = min(draw.column.max_length or 40, 64)
    size = size if size in (32, 40, 64) else min(size, 40)
    if draw.unique and size >= 24:
        return row_uuid(draw).hex[:8] + draw.letters(size - 24, HEX) + f"{draw.row:016x}"
    if draw.unique:
        return f"{draw.row:0{size}x}"[:size] if len(f"{draw.row:x}") <= size else ""
    return draw.letters(size, HEX)


def uuid_text(draw: Draw) -> str:
    """A UUID as text, without hyphens where they do not fit."""
    found = row_uuid(draw)
    room = draw.column.max_length
    return str(found) if room is None or room >= 36 else found.hex


def colour(draw: Draw) -> str:
    """``#1fa3c0``."""
    room = draw.column.max_length
    number = draw.letters(6, HEX) if not draw.unique else f"{int(draw.digits(7)) % (1 << 24):06x}"
    return f"#{number}" if room is None or room >= 7 else number[:room]


def mac(draw: Draw) -> str:
    """A hardware address of the locally administered kind."""
    low = draw.row if draw.unique else draw.below(1 << 32)
    text = f"02{low & 0xFFFFFFFFFF:010x}"
    return ":".join(text[place : place + 2] for place in range(0, 12, 2))


CODES = (
    Meaning("currency", currency, r"(^|_)(currency|currency_?code|iso_?4217|ccy|(base|quote|source|target|default|preferred)_"
            r"currency)$", coded=True, agrees=True, pool=currency_pool, shortest=3, formats=("currency",)),
    Meaning("currency", currency, r"^(code|iso|iso_?code|id|symbol)$", tables=r"(^|_)currenc(y|ies)$", coded=True,
            agrees=True, pool=currency_pool, shortest=3),
    Meaning("currency name", currency_name, r"^(name|title|label)$", tables=r"(^|_)currenc(y|ies)$", agrees=True,
            pool=currency_names),
    Meaning("language name", language_name, r"(^|_)(language_name)$", agrees=True, pool=language_names),
    Meaning("language name", language_name, r"^(name|title|label)$", tables=r"(^|_)languages?$", agrees=True,
            pool=language_names),
    Meaning("language", language, r"(^|_)(lang|language|language_?code|lang_?code|iso_?639.*|(preferred|default|source|"
            r"target)_?(lang|language))$", coded=True, agrees=True, pool=language_pool, shortest=2),
    Meaning("language", language, r"^(code|iso|iso_?code|id)$", tables=r"(^|_)languages?$", coded=True, agrees=True,
            pool=language_pool, shortest=2),
    Meaning("locale", locale_name, r"(^|_)(locale|language_?tag|culture|bcp_?47)$", coded=True, agrees=True, shortest=5),
    Meaning("language", language, r"(^|_)locale(_code)?$", coded=True, agrees=True, pool=language_pool, shortest=2),
    Meaning("IBAN", iban, r"(^|_)iban(_number)?$", coded=True, inside=True, shortest=22, formats=("iban",)),
    Meaning("BIC", bic, r"(^|_)(bic|swift|swift_?code|bic_?code)$", coded=True, shortest=8, formats=("bic",)),
    Meaning("VAT number", vat, r"(^|_)(vat|vatin|vat_?(number|id|no|code)|tax_?(id|number))$", coded=True, inside=True,
            shortest=11),
    Meaning("EAN", ean, r"(^|_)(ean|ean_?13|gtin|gtin_?13|barcode)(_code)?$", coded=True, inside=True, shortest=13),
    Meaning("UPC", upc, r"(^|_)(upc|upc_?[a-z]?)(_code)?$", coded=True, inside=True, shortest=12),
    Meaning("ISBN", isbn, r"(^|_)isbn(_?1[03])?$", coded=True, inside=True, shortest=10),
    Meaning("last digits of a card", card_digits, r"(^|_)(last_?4|last_?four|card_?last_?4?|last_?digits|"
            r"last4_?digits)$", coded=True, inside=True, shortest=4),
    Meaning("card number", card_number, r"(^|_)(card_?number|credit_?card(_?number)?|pan)$", coded=True, inside=True,
            shortest=16),
    Meaning("card number", card_number, r"^number$", tables=r"(^|_)(bank_?|credit_?|debit_?|payment_?)?cards?$",
            coded=True, inside=True, shortest=16),
    Meaning("card brand", one_of("Visa", "Mastercard", "American Express", "Maestro"),
            r"(^|_)card_?(type|brand|network|scheme)$", coded=True, shortest=16),
    Meaning("object id", lambda draw: draw.serial or str(draw.between(1, 10)), r"(^|_)object_(id|pk)$", coded=True,
            inside=True),
    Meaning("SKU", sku, r"(^|_)(sku|stock_?code|article_?(no|number|code)|product_?code|item_?(no|code|number)|"
            r"part_?(no|number|code)|partner_sku|mpn)$", coded=True, inside=True, shortest=3),
    Meaning("reference", reference, r"(^|_)(invoice|order|receipt|ticket|case|tracking|contract|account|customer|policy|"
            r"document|transaction|booking|reservation|confirmation|registration|reference|ref|serial|member|employee|"
            r"po|batch|lot)_?(no|nr|num|number|code|ref|reference)$|^(number|serial|identifier)$|(^|_)(reference|ref)$",
            coded=True, inside=True, shortest=4),
    Meaning("foreign identifier", foreign_id, r"_(id|uid|identifier|arn|handle_id)$|^(external|remote|provider|stripe|source)_?id$",
            coded=True, inside=True, shortest=8),
    Meaning("UUID", uuid_text, r"(^|_)(uuid|guid)$", coded=True, inside=True, shortest=32),
    Meaning("colour", colour, r"(^|_)(colou?r|colou?r_?(code|hex)|hex|hex_?colou?r|(background|foreground|text|bg|fg|border|"
            r"primary|secondary|accent)_?colou?r)$", coded=True, inside=True, shortest=3, formats=("color", "colour")),
    Meaning("MAC address", mac, r"(^|_)(mac|mac_?addr(ess)?|hardware_?address|hwaddr)$", coded=True, inside=True,
            shortest=17, formats=("mac",)),
    Meaning("version", version, r"(^|_)(version|version_?(number|no|name|string)|release|revision)$", coded=True,
            inside=True, shortest=5),
    Meaning("token", token, r"(^|_)(token|secret|secret_?key|api_?key|access_?key|hash|digest|checksum|md5|sha1?|sha_?256|"
            r"fingerprint|signature|nonce|salt|session_?key|private_?key|public_?key|refresh_?token|access_?token|"
            r"activation_?key|etag|otp_secret|client_?(id|secret)|hmac|csrf_?token|auth_?key)$|^(key|session_id)$",
            coded=True, inside=True, shortest=6),
    Meaning("code", code, r"(^|_)(code|short_?code|coupon|coupon_?code|voucher|voucher_?code|promo_?code|abbreviation|"
            r"acronym|abbr|prefix|symbol|pin|otp)$", coded=True, inside=True, shortest=3),
)  # fmt: skip
