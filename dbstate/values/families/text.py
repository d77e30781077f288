"""Text: what the column's meaning says, else plainer and plainer text until one is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any
from unicodedata import is_normalized, normalize

from dbstate.values.block import ColumnDraw
from dbstate.values.draw import Draw
from dbstate.values.facts import INDEX_BYTES, INDEX_CHARACTERS, LONG_TEXT, LONGEST, index_share, text_offence
from dbstate.values.families.base import Family, Task
from dbstate.values.families.documents import mended_document
from dbstate.values.families.matching import matching_text, matching_texts, pattern_capacity
from dbstate.values.key import group_key, permuted
from dbstate.values.known import FALLBACKS, asked_forms, describe, ordered_forms
from dbstate.values.locales import plain
from dbstate.values.meanings import Meaning
from dbstate.values.parts import Made
from dbstate.values.setting import MISSING

SHORT = 7
"""Unique columns of fewer characters count in letters and digits; others end in the row's number."""
LOCALES = 40
"""First rows of a unique column whose codes agree with their locales."""
DIFFERING = 128
"""Rows that show whether the texts of a form differ."""
PROBES = (0, 1, 2, 3, 123_456)
"""Rows that show whether unique texts keep the column's patterns."""
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"

AWKWARD = (
    "\u202b\u05e9\u05dc\u05d5\u05dd\u202c \u0645\u0631\u062d\u0628\u0627 e\u0301\u0327 "
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 '\"\\%_${{}} <b>&amp; "
    "\U00020000\u9fff \u0131\u0130\u017f\u00df \ufeffz\u0351\u0346",
    "e\u0301\u05d0\U0001f469\u200d\U0001f680'\"\\%\U00020000\u0131",
    "\u0131\u0130\u00df\u05d0\u0628\u0915\u094d\u0937 \U00020000",
    "\U0001f469\u200d\U0001f680",
    "\u0131\u0130\u00df\u00e9\u00f1",
    "\U00020000",
    "\u0130",
    "\u00e9",
)  # fmt: skip
"""Text that is hard on software, hardest first: writing from right to left, combining marks, joined
emoji, quotes, backslash, per cent, letters outside the first plane, the Turkish i."""


def normal(value: object) -> str:
    """As text, in the form of Unicode that is usual."""
    text = value if isinstance(value, str) else str(value)
    return text if text.isascii() else normalize("NFC", text)


class TextFamily(Family):
    """Text of a column."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.about: Meaning = task.meaning or describe(task.table, task.column)
        self.meaning = self.about.name
        self.agrees = self.about.agrees
        self.share = index_share(task.table, task.column)
        self.limit = self.room()
        self.least = min(self.column.min_length or 0, self.limit)
        """The fewest."""
        self.short = self.unique and self.limit < SHORT
        self.key = group_key(task.setting.seed, task.table.label, task.column.field)
        self.orders: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.apart_forms: dict[Callable[[Draw], str], bool] = {}
        listed = self.about.pool(task.column) if self.unique and self.about.pool else ()
        self.pool = tuple(text for text in listed if not text_offence(task.column, text))
        self.capacity = self.count() if self.unique else None

    def room(self) -> int:
        """The most characters that a value may have."""
        limit = LONGEST if self.column.max_length is None else min(self.column.max_length, LONGEST)
        return (
            min(limit, INDEX_BYTES // (4 * self.share)) if self.share and limit > 600 // self.share else limit
        )

    def count(self) -> int | None:
        """How many rows can differ; None when practically all. Codes of a standard are all there are."""
        if self.pool and self.about.coded:
            return len(self.pool)
        if self.short:
            if self.column.patterns:
                return self.pattern_count() or len(self.pool)
            return (len(self.pool) or 10**self.limit) + lettered(self.limit) if self.limit else 0
        most = None if self.limit >= 10 else 10**self.limit - 1
        if self.column.patterns and not self.serials_match():
            return self.pattern_count() or most
        return most

    def pattern_count(self) -> int | None:
        """How many texts the patterns have, as far as that is known."""
        found = (pattern_capacity(pattern) for pattern in self.column.patterns)
        return min((one for one in found if one is not None), default=None)

    def serials_match(self) -> bool:
        """Whether the meaning's own text, with a row's number, keeps the column's patterns."""
        text = self.fitted(self.about, self.probe(PROBES[-1]))
        return text is not None and not text_offence(self.column, text)

    def candidates(self, draw: Draw) -> Iterator[object]:
        if self.capacity is not None and draw.row >= self.capacity:
            raise IndexError(f"row {draw.row} of a column that has only {self.capacity} texts")
        if self.about.own:
            yield self.own_value(draw)
        elif self.short:
            yield from self.codes(draw)
        yield from self.texts(draw)
        yield from self.default()

    def usual(self, draw: Draw) -> object:
        if self.about.own or self.short or (self.capacity is not None and draw.row >= self.capacity):
            return super().usual(draw)
        text = next(self.spelled(draw), None) if self.is_spelled else self.fitted(self.about, draw)
        return MISSING if text is None else text

    def column_of(self, draw: ColumnDraw) -> list[object] | None:
        made, numbers = self.about.function, draw.numbers()
        if self.about.own or self.short or (self.capacity is not None and numbers[-1] >= self.capacity):
            return None
        if self.is_spelled:
            return matching_texts(self.column.patterns[0], numbers)
        if not isinstance(made, Made) or (self.unique and self.about.pool):
            return None
        texts = self.made_column(made, draw)
        if not self.unique or self.about.inside:
            return texts
        return [
            self.apart(text, str(row + 1)) or MISSING if isinstance(text, str) else text
            for row, text in zip(numbers, texts, strict=True)
        ]

    def settled_all(self, values: list[Any]) -> list[object]:
        """See Family; mostly all of them are as the column takes them."""
        if {*map(type, values)} == {str}:
            lengths = [*map(len, values)]
            # Parts of what is in the usual form are so, too.
            usual = is_normalized("NFC", "".join(values))
            if usual and self.least <= min(lengths) and max(lengths) <= self.limit:
                return values
        return super().settled_all(values)

    def settled(self, value: Any) -> Any:
        """See Family; of a unique column what its rows' numbers are put behind."""
        text = normal(value)
        if len(text) < self.least and not self.about.coded:
            return MISSING  # padded by the row
        if len(text) <= self.limit or (self.unique and not self.about.inside):
            return text
        return MISSING if self.about.coded else self.cut(text, self.limit) or MISSING

    def own_value(self, draw: Draw) -> object:
        """What the project's function makes, made unique unless it holds the row's number by itself."""
        value = self.about.function(draw)
        if not self.unique or not isinstance(value, str) or draw.counted:
            return value
        return self.apart(value, draw.serial)

    def codes(self, draw: Draw) -> Iterator[str]:
        """Short unique texts: the pool first, then codes that begin with a digit, as no pool's do."""
        if draw.row < len(self.pool):
            yield self.places(self.pool)[(draw.row + draw.salt) % len(self.pool)]
            return
        rest = draw.row - len(self.pool)
        for pattern in self.column.patterns:
            yield from matching_text(pattern, draw.key, rest)
        numbers = 0 if self.pool else 10**self.limit
        if rest < numbers:
            yield str(permuted(rest, numbers, self.key)).zfill(self.limit)
            return
        place = permuted(rest - numbers, lettered(self.limit), self.key)
        # A digit first, as in no pool; a letter last, as in no number.
        place, last = divmod(place, 26)
        text = ALPHABET[last]
        if self.limit > 1:
            place, first = divmod(place, 10)
            for _ in range(self.limit - 2):
                place, letter = divmod(place, len(ALPHABET))
                text = ALPHABET[letter] + text
            text = str(first) + text
        yield text
        yield text.upper()

    def texts(self, draw: Draw) -> Iterator[object]:
        """The meaning's text, its ASCII form, texts made from patterns, texts of other meanings."""
        if self.short:
            return
        if not (self.about.own or self.is_spelled):
            yield from self.meant(draw)
        yield from self.spelled(draw)
        draw.ascii = True
        if self.unique:
            yield from self.further(draw)
            yield from self.bare_serials(draw)

    def meant(self, draw: Draw) -> Iterator[str]:
        """The meaning's text and plainer forms of it."""
        if (text := self.fitted(self.about, draw)) is not None:
            yield text
        draw.ascii = True
        if self.about.coded or (text := self.fitted(self.about, draw)) is None:
            return
        yield plain(text)
        for change in CHANGES:
            yield self.apart(change(plain(text)), draw.serial) if self.unique else change(plain(text))

    def spelled(self, draw: Draw) -> Iterator[str]:
        """Texts that the column's patterns match."""
        for pattern in self.column.patterns:
            yield from matching_text(pattern, draw.key, draw.row if self.unique else None)

    @cached_property
    def is_spelled(self) -> bool:
        """Whether unique texts are made from the patterns at once: no text of the meaning keeps them."""
        return (
            self.unique
            and bool(self.column.patterns)
            and all(text_offence(self.column, text) for row in PROBES for text in self.meant(self.probe(row)))
        )

    def probe(self, row: int) -> Draw:
        """The draw of a row, to look at its text."""
        task = self.task
        return Draw(task.setting, task.table, self.column, row, 0, key=self.key, unique=self.unique)

    def wide(self, draw: Draw) -> Iterator[object]:
        draw.ascii = True
        yield from self.default_shapes(draw)
        yield from self.mentioned(draw)
        yield from self.further(draw)
        yield from self.plain_texts(draw)

    def mended(self, refused: object, reason: str) -> Iterator[object]:
        """A document as text, with what is said to be missing in it."""
        if not isinstance(refused, str) or refused[:1] not in ("{", "["):
            return
        try:
            document = json.loads(refused)
        except ValueError:
            return
        yield from map(json.dumps, mended_document(document, reason))

    def others(self, draw: Draw) -> Iterator[object]:
        serial = draw.serial or draw.digits(3)
        for first in ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "a", "A"):
            yield first + serial.zfill(min(4, max(self.limit - 1, 1)))
        yield from self.further(draw)

    def further(self, draw: Draw) -> Iterator[str]:
        """Texts by what validators mention, forms that the column's words call for, other meanings."""
        if self.unique:
            yield from self.mentioned(draw)
        forms, asked = self.forms
        yield from self.formed(forms[:asked], draw)
        for other in FALLBACKS:
            if other is not self.about and (text := self.fitted(other, draw)) is not None:
                yield text
        yield from self.formed(forms[asked:], draw)

    @cached_property
    def forms(self) -> tuple[tuple[Callable[[Draw], str], ...], int]:
        """All forms, and how many of them the column's words call for: these stand first."""
        return tuple(ordered_forms(self.column)), asked_forms(self.column)

    def formed(self, forms: Sequence[Callable[[Draw], str]], draw: Draw) -> Iterator[str]:
        """Texts of these forms that fit; where values must differ, of those forms whose texts do."""
        for form in forms:
            if draw.unique and not self.differs(form):
                continue
            try:
                text = form(draw)
            except IndexError:
                continue
            if 0 < len(text) <= self.limit:
                yield text

    def differs(self, form: Callable[[Draw], str]) -> bool:
        """Whether the form gives each of many rows a text of its own."""
        known = self.apart_forms.get(form)
        if known is None:
            seen: set[str] = set()
            for row in range(DIFFERING):
                seen.add(form(self.probe(row)))
                if len(seen) <= row:
                    break
            known = self.apart_forms[form] = len(seen) == DIFFERING
        return known

    def default_shapes(self, draw: Draw) -> Iterator[object]:
        """What a callable default gives; where it is random, a text of the row's own in the same shape."""
        fixed = self.called_default()
        if fixed is not MISSING:
            yield fixed
            return
        sample = self.default_shape()
        if isinstance(sample, str):
            yield "".join(alike(letter, sample, draw) for letter in sample)

    def mentioned(self, draw: Draw) -> Iterator[str]:
        """Texts made of what the code of validators mentions."""
        texts = [one for one in self.column.hints if isinstance(one, str) and one.strip()]
        numbers = [
            one for one in self.column.hints if isinstance(one, int) and 0 < one <= min(self.limit, 200)
        ]
        patterns = [*self.column.hint_patterns, *(one for one in texts if re.search(r"[\\\[(+*^$]", one))]
        for pattern in patterns:
            whole = pattern if pattern.endswith(("$", "\\Z")) else f"{pattern}$"
            try:
                yield from matching_text(whole, draw.key, draw.row if self.unique else None)
            except IndexError:
                continue
        word = self.fitted(SLUG, draw) or "item"
        for text in texts if not self.unique else ():
            yield text
        for text in texts:
            yield from (
                f"{text}{word}",
                f"{word}{text}",
                f"{word}{text}{word}",
                f"{text} {word}",
                f"{text}/{word}",
            )
        if self.unique:
            return
        start = draw.below(len(texts)) if texts else 0
        yield from (f"{texts[(start + one) % len(texts)]}" for one in range(min(len(texts), 5)))
        for size in numbers:
            for alphabet in (LETTERS, "0123456789", LETTERS.upper(), "0123456789abcdef"):
                yield draw.letters(size, alphabet)

    def fitted(self, about: Meaning, draw: Draw) -> str | None:
        """One meaning's text for the row, cut or padded to the column's lengths, unique if need be.

        None where the meaning has none that fits.
        """
        if self.unique and about.pool:
            pool = self.pool if about is self.about else tuple(about.pool(self.column))
            if pool:
                return self.from_pool(pool, draw)
        try:
            value = about.function(draw)
        except IndexError:
            return None
        return self.fit(about, value, lambda: draw)

    def fit(self, about: Meaning, value: object, draw: Callable[[], Draw]) -> str | None:
        """The text that the meaning's function made, as the column takes it; see ``fitted``."""
        text = normal(value)
        as_made = about.inside or not self.unique
        if as_made and self.least <= len(text) <= self.limit:
            return text
        if about.coded and len(text) > self.limit:
            return None
        if not as_made:
            return self.apart(self.padded(text, draw()), draw().serial)
        return text if about.coded else self.cut(self.padded(text, draw()), self.limit)

    def places(self, pool: tuple[str, ...]) -> tuple[str, ...]:
        """The pool in the order of rows: where it can, the first rows' texts agree with their locales."""
        known = self.orders.get(pool)
        if known is None:
            left = dict.fromkeys(
                pool[permuted(at, len(pool), self.key % len(pool))] for at in range(len(pool))
            )
            order: list[str | None] = []
            for row in range(min(LOCALES, len(pool)) if self.about.coded else 0):
                plain_draw = Draw(
                    self.task.setting, self.task.table, self.column, row, 0, key=self.key, unique=False
                )
                text = str(self.about.function(plain_draw))
                order.append(text if text in left else None)
                left.pop(text, None)
            rest = iter(left)
            known = self.orders[pool] = (*(next(rest) if text is None else text for text in order), *rest)
        return known

    def from_pool(self, pool: tuple[str, ...], draw: Draw) -> str:
        """The row's text of a pool; in later rounds with the round's number."""
        around, place = divmod(draw.row, len(pool))
        text = self.places(pool)[(place + draw.salt) % len(self.places(pool))]
        return self.apart(text, str(around + 1)) if around else text

    def padded(self, text: str, draw: Draw) -> str:
        """The text, followed by sentences where it is shorter than the column asks."""
        joined = re.fullmatch(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)+", text) is not None
        while len(text) < self.least:
            if joined:  # a slug or the like
                text = f"{text}-and-so-on"
            else:
                text = f"{text} {draw.locale.sentences[draw.row % 5] if not draw.ascii else 'and so on'}"
        return text

    def apart(self, text: str, serial: str) -> str:
        """The text, cut so that the number fits behind it; only the number where nothing else fits."""
        gap = "-" if re.fullmatch(r"[a-z0-9_-]+", text) else " "
        base = self.cut(text, self.limit - len(serial) - 1).rstrip(" -")
        if not base:
            return serial.rjust(self.column.min_length or 0, "0") if len(serial) <= self.limit else ""
        return f"{base}{gap}{serial}"

    def cut(self, text: str, limit: int) -> str:
        """The text within a number of characters, at a word's end where one is near."""
        if len(text) <= limit:
            return text
        if limit <= 0:
            return ""
        head = text[:limit]
        short = head.rpartition(" ")[0] if text[limit] != " " else head
        return (short if len(short) > limit // 2 else head).rstrip(" ,.-&") or head

    def bare_serials(self, draw: Draw) -> Iterator[str]:
        """The row's number in several dresses."""
        serial = draw.serial
        for form in ("{}", "a{}", "A{}", "a-{}", "a_{}", "/a{}/", "a.b{}", "a{}.txt", "#{}", "1.0.{}"):
            yield form.format(serial)
        if self.limit <= 200:
            yield serial.zfill(self.limit)
            yield serial.rjust(self.limit, "a")

    def plain_texts(self, draw: Draw) -> Iterator[str]:
        """Texts that mean nothing, of many forms and lengths."""
        yield from ODD_TEXTS
        for length in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 16, 20, 24, 32, 36, 40, 64, 128, self.limit):
            if length <= min(self.limit, LONG_TEXT):
                yield draw.letters(length)
                yield draw.letters(length, "0123456789")
                yield draw.letters(length, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
                yield draw.letters(length, "0123456789abcdef")

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if self.short or self.about.own or name not in ("max", "min", "unicode"):
            return
        special = self.about.name in LONGEST_OF
        if self.about.coded and not (special and name == "max"):
            return
        yield from {"max": self.longest_texts, "min": self.shortest_texts, "unicode": self.awkward_texts}[
            name
        ](draw)

    def longest_texts(self, draw: Draw) -> Iterator[str]:
        """Texts as long as can be."""
        limit = LONG_TEXT if self.column.max_length is None else self.limit
        if self.share:
            limit = min(limit, INDEX_CHARACTERS // self.share)
        if self.about.name in LONGEST_OF:
            yield LONGEST_OF[self.about.name](draw, limit)
            return
        for text in (
            " ".join(draw.locale.sentences),
            " ".join(ENGLISH),
            "longest-text-",
            "longtext",
            "LONGTEXT",
            "7",
        ):
            if self.share and len(text.encode()) * limit > INDEX_BYTES // self.share * len(text):
                continue
            yield self.filled(text, limit, draw.serial)

    def filled(self, text: str, limit: int, serial: str) -> str:
        """The text, repeated to exactly so many characters, a row's number at the end."""
        room = limit - len(serial)
        gap = " " if " " in text else ""
        whole = (text + gap) * (room // (len(text) + len(gap)) + 1)
        body = whole[:room]
        if body and (body[-1].isspace() or (serial and body[-1].isdigit())):
            body = body[:-1] + ("." if " " in text else "x")
        return body + serial

    def shortest_texts(self, draw: Draw) -> Iterator[str]:
        """Texts as short as can be."""
        least = max(self.column.min_length or 1, 1)
        if self.unique:
            serial = draw.serial
            yield serial.rjust(least, "a") if least > len(serial) else serial
            return
        for letter in (draw.locale.categories[0][0], "a", "A", "0", "1"):
            yield letter * least

    def awkward_texts(self, draw: Draw) -> Iterator[str]:
        """Texts that are hard on software."""
        for text in AWKWARD:
            room = self.limit - len(draw.serial)
            if 0 < len(text) <= room or (text is AWKWARD[0] and room >= 12):
                least = self.column.min_length or 0
                body = (
                    (text * (least // len(text) + 1))[: max(least, len(text))] if least > len(text) else text
                )
                yield body[:room].rstrip() + draw.serial


def lettered(size: int) -> int:
    """How many codes of so many characters begin with a digit and end in a letter (one: letters alone)."""
    return 26 if size == 1 else 260 * int(len(ALPHABET) ** (size - 2))


CHANGES: tuple[Callable[[str], str], ...] = (
    str.lower,
    str.upper,
    lambda text: re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-"),
    lambda text: re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_"),
    lambda text: re.sub(r"[^A-Za-z]+", "", text),
    lambda text: re.sub(r"[^a-z]+", "", text.lower()),
    lambda text: text.split(" ")[0],
)
"""Plainer forms of an ASCII text."""

ODD_TEXTS = (
    "a", "A", "1", "0", "10", "42", "1.0", "1.0.0", "a.b", "a.b.C", "a_b", "/a/", "/", "#ff8800", "true",
    "{}", "[]", '{"a": 1}', '["a"]', "[1]", "12:30", "12:30:00", "2020-01-01", "2020-01-01T12:00:00Z",
    "0 0 * * *", "* * * * *", "1d", "1h", "PT1H", "1,2", "a,b", "a=1", "50%", "1px", "100px", "en", "US",
    "EUR", "UTC", "Europe/Berlin", "text/plain", "application/json", "M", "F", "GET", "SELECT 1",
    "<p>Text</p>", "{{ name }}", "%s", "{name}", "a@example.org", "example.org", "https://example.org/",
    "192.0.2.1", "192.0.2.0/24", "2001:db8::1", "abc", "ABC", "A1", "A-1", "1A", "AA-1234", "123456",
    "1234567890", "00000000", "a-b-c", "^a$", "MIT", "POINT(0 0)", "M 0 0 L 1 1", "sha256:" + "0" * 64,
    "0" * 32, "0" * 40, "0" * 64, "a" * 22,
)  # fmt: skip
"""Forms that validators ask for; tried last."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SLUG = next(one for one in FALLBACKS if one.name == "slug")

ENGLISH = (
    "The parcel arrived on time and everything was well packed.",
    "Please call me before you deliver.",
    "We open at nine and close at six.",
)


def alike(letter: str, sample: str, draw: Draw) -> str:
    """A letter of the same sort: the digits and letters that the sample has choice of."""
    hexadecimal = re.fullmatch(r"[0-9a-f-]+|[0-9A-F-]+", sample) is not None
    if hexadecimal and letter != "-":
        chosen = draw.choice("0123456789abcdef")
        return chosen.upper() if sample.upper() == sample and sample.lower() != sample else chosen
    for alphabet in ("0123456789", LETTERS, LETTERS.upper()):
        if letter in alphabet:
            return draw.choice(alphabet)
    return letter


def longest_email(draw: Draw, limit: int) -> str:
    """An address of exactly ``limit`` characters, at most 254: a local part of up to 64."""
    limit = min(limit, 254)
    end = "@example.org"
    if limit < len(end) + 8:
        return ""
    local = min(64, limit - len(end))
    rest = limit - local - len(end)
    if rest == 1:
        local, rest = local - 1, 2
    labels = ""
    while rest > 1:
        size = min(63, rest - 1)
        size -= 1 if rest - size - 1 == 1 else 0
        labels += "d" * size + "."
        rest -= size + 1
    name = (draw.person.local + "." + "long" * 20)[: local - len(draw.serial)]
    name = name.rstrip(".").ljust(local - len(draw.serial), "n")
    return f"{name}{draw.serial}@{labels}example.org"


def longest_url(draw: Draw, limit: int) -> str:
    """An address of ``limit`` characters."""
    start = "https://example.org/"
    room = min(limit, 2000) - len(start) - len(draw.serial)
    return start + ("long-path/" * (room // 10 + 1))[: room - 1] + "x" + draw.serial if room > 1 else ""


def longest_slug(draw: Draw, limit: int) -> str:
    """A slug of exactly ``limit`` characters."""
    room = limit - len(draw.serial)
    return ("a-very-long-slug-" * (room // 17 + 1))[: room - 1] + "x" + draw.serial if room > 1 else ""


LONGEST_OF: dict[str, Callable[[Draw, int], str]] = {
    "email": longest_email,
    "url": longest_url,
    "slug": longest_slug,
}
"""Meanings whose values have a form, yet a longest one."""
