"""The meanings that dbstate knows, in the order in which they are asked."""

from __future__ import annotations

from dbstate.values.known.codes import CODES
from dbstate.values.known.forms import asked_forms, ordered_forms
from dbstate.values.known.keys import KEYS
from dbstate.values.known.people import PEOPLE
from dbstate.values.known.places import PLACES
from dbstate.values.known.trade import TRADE
from dbstate.values.known.web import WEB
from dbstate.values.known.writing import WORDS, describe
from dbstate.values.meanings import Meaning

__all__ = ["FALLBACKS", "KNOWN", "asked_forms", "describe", "ordered_forms"]

KNOWN: tuple[Meaning, ...] = (*KEYS, *PEOPLE, *PLACES, *CODES, *WEB, *TRADE, *WORDS)
"""The first that fits counts; by format before by name."""


def named(*names: str) -> tuple[Meaning, ...]:
    """Known meanings of text by their names, in that order."""
    texts = {one.name: one for one in reversed(KNOWN) if "text" in one.kinds}
    return tuple(texts[name] for name in names)


FALLBACKS = named(
    "slug", "code name", "user name", "email", "url", "token", "UUID", "phone", "colour", "country code", "currency",
    "language", "locale", "time zone", "ip", "domain", "file path", "path", "version", "reference", "SKU", "postcode",
    "IBAN", "EAN", "ISBN", "card number", "python path", "mime type", "json text", "cron", "MAC address", "tag",
)  # fmt: skip
"""What a text that validators refuse may be instead."""
