"""Values made of values: JSON, arrays, ranges, pairs; bytes; and types that nobody knows."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal

from dbstate import rules
from dbstate.values.draw import Draw
from dbstate.values.families.base import Family, Task, project_values
from dbstate.values.families.documents import mended_document
from dbstate.values.families.text import AWKWARD
from dbstate.values.families.time import PAST, midnight
from dbstate.values.identifiers import row_uuid
from dbstate.values.key import mix, text_key
from dbstate.values.known.keys import binary_samples
from dbstate.values.known.writing import tag, title
from dbstate.values.setting import MISSING, RangeValue


class JsonFamily(Family):
    """A small object, or what the model's default is like."""

    meaning = "json"

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        default = self.given()
        if default and not self.unique:
            yield copy.deepcopy(default)
        shapes: list[object] = [sample_object(draw), sample_list(draw)]
        if not self.column.judged:  # a field class that takes any text may yet find nothing in it
            shapes += [title(draw), draw.row + 1, True]
        if isinstance(default, list):
            shapes[0], shapes[1] = shapes[1], shapes[0]
        if self.column.keys:
            shapes.insert(0, {key: json_value(key, draw) for key in self.column.keys})
        yield from shapes

    def given(self) -> object:
        """The model's default, called if need be; None when there is none."""
        if self.column.default is not None or not self.column.has_default:
            return self.column.default
        called = self.called_default()
        return None if called is MISSING else called

    def wide(self, draw: Draw) -> Iterator[object]:
        """Documents of many shapes: lists and objects of each sort of value."""
        word, number = tag(draw), draw.between(1, 6)
        given = self.given()
        if isinstance(given, dict | list):
            yield copy.deepcopy(given)
        url, mail = f"https://example.org/{number}", f"anna{number}@example.org"
        hints = [one for one in self.column.hints if isinstance(one, str)]
        leaves: tuple[object, ...] = (
            word,
            number,
            url,
            mail,
            number + 0.5,
            True,
            None,
            [word],
            [number],
            {"name": word},
        )
        yield from ([leaf] for leaf in leaves)
        yield from ({"name": leaf} for leaf in leaves)
        yield from (
            {**dict.fromkeys(("id", "name", "value", "type", "label"), leaf)} for leaf in (word, number)
        )
        record = {
            "id": number,
            "name": word,
            "type": word,
            "value": number,
            "label": word,
            "title": word,
            "key": word,
        }
        yield from (record, [record], {"items": [record]}, {"data": record}, {word: record})
        yield {"type": "Point", "coordinates": [13.4, 52.5]}
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [13.4, 52.5]},
            "properties": {},
        }
        yield {"type": "FeatureCollection", "features": []}
        yield {"type": "object", "properties": {"name": {"type": "string"}}}
        yield {"lat": 52.5, "lng": 13.4, "lon": 13.4, "latitude": 52.5, "longitude": 13.4}
        yield {"ops": [{"insert": f"{word}\n"}]}
        yield {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": word}]}]}
        yield {"blocks": [{"type": "paragraph", "data": {"text": word}}]}
        yield from ([number, number + 1], [[number, number + 1]], [0, 1], [13.4, 52.5], [[word, word]], [[]])
        yield from ({"en": word, "de": word}, {"mon": [["09:00", "17:00"]]}, {"1": word})
        yield from (word, number, str(number), url, mail, 0, 1.5, False, "{}", "")
        for hint in hints:
            yield from (
                hint,
                [hint],
                {hint: word},
                {hint: number},
                {hint: [word]},
                {hint: {}},
                {"type": hint},
            )
        if hints:
            yield from (dict.fromkeys(hints, leaf) for leaf in (word, number, [word]))
            yield {hint: json_value(hint, draw) for hint in hints if hint.isidentifier()}

    def mended(self, refused: object, reason: str) -> Iterator[object]:
        """The document with what is said to be missing, or of the type that is said to be wanted."""
        if isinstance(refused, dict | list):
            yield from mended_document(refused, reason)

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        given = self.given()
        as_list = isinstance(given, list)
        if given or self.column.keys:
            return
        serial = {"id": draw.row + 1} if self.unique else {}
        if name == "unicode":
            yield [AWKWARD[0], *serial.values()] if as_list else {"note": AWKWARD[0], **serial}
        elif name == "max":
            many: list[object] = [f"item {place}" for place in range(50)]
            yield (
                [*many, *serial.values()]
                if as_list
                else {"items": many, "deep": {"a": {"b": {"c": [1]}}}, **serial}
            )


def json_value(key: str, draw: Draw) -> object:
    """A value for a key, by what its name says."""
    if re.search(r"^(is|has)_|enabled|active", key):
        return True
    if re.search(
        r"width|height|size|count|quantity|number|amount|price|total|year|age|id$|order|position|x$|y$|version",
        key,
    ):
        return draw.between(1, 99)
    if re.search(r"lat", key):
        return 52.5
    if re.search(r"lng|lon", key):
        return 13.4
    if re.search(r"url|link|href", key):
        return "https://example.org/"
    if re.search(r"mail", key):
        return "anna@example.org"
    return [tag(draw)] if key.endswith("s") else tag(draw)


def sample_object(draw: Draw) -> dict[str, object]:
    """``{"label": …, "quantity": 3, "active": true}``; with an id where it must be unique."""
    made: dict[str, object] = {"label": title(draw), "quantity": draw.between(1, 9), "active": draw.chance(2)}
    return {"id": draw.row + 1, **made} if draw.unique else made


def sample_list(draw: Draw) -> list[object]:
    """One or two words."""
    words: list[object] = list(dict.fromkeys((tag(draw), draw.choice(draw.locale.categories).lower())))
    return [*words, draw.serial] if draw.unique else words


class HstoreFamily(Family):
    """A few texts by name."""

    meaning = "hstore"

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        pairs = {"colour": draw.choice(("blue", "green", "red")), "size": draw.choice(("S", "M", "L"))}
        yield {**pairs, "number": draw.serial} if self.unique else pairs
        yield from self.default()

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if name == "unicode":
            yield {"note": AWKWARD[0] + draw.serial}
        elif name == "max":
            yield {f"key {place}": "value" * 10 + draw.serial for place in range(30)}


class BytesFamily(Family):
    """A few bytes."""

    meaning = "bytes"

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        room = 16 if self.column.max_length is None else self.column.max_length
        serial = draw.serial.encode()
        if room < 16 and self.unique:
            if len(serial) > room:
                raise IndexError(f"row {draw.row} of a column of {room} bytes")
            yield serial
        else:
            yield (row_uuid(draw).bytes if self.unique else draw.bits().to_bytes(8, "big") * 2)[
                : max(room, 1)
            ]
        if self.column.judged:
            yield from self.samples(draw)
        yield from self.default()

    def samples(self, draw: Draw) -> Iterator[bytes]:
        """Keys and certificates that fit."""
        for sample in binary_samples(draw):
            if self.column.max_length is None or len(sample) <= self.column.max_length:
                yield sample

    def wide(self, draw: Draw) -> Iterator[object]:
        yield from self.samples(draw)
        room = self.column.max_length or 1024
        sizes = [one for one in self.column.hints if isinstance(one, int) and 0 < one <= 4096]
        for size in (*sizes, 8, 12, 16, 20, 24, 32, 48, 64, 128, 256, 4, 2, 1):
            if size <= room:
                yield (draw.bits().to_bytes(8, "big") * (size // 8 + 1))[:size]
        yield from (
            text
            for text in (b"{}", b"text", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4\n", b"\xff\xd8\xff\xe0")
            if len(text) <= room
        )

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if self.unique:
            return
        if name == "max":
            # A limit may be 4 GB: the longest that is made stays small.
            longest = 2048 if self.column.max_length is None else min(self.column.max_length, 65_536)
            yield (bytes(range(256)) * (longest // 256 + 1))[:longest]
        elif name == "min":
            yield b"\x00"


class ArrayFamily(Family):
    """Lists of what the element's family makes; nested lists all have one length."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        element = task.column.element or replace(
            task.column, kind="text", element=None, size=None, null=False
        )
        # An element is named as its array, for its meaning, and never empty.
        self.element = replace(element, field=element.field or task.column.field, null=False, blank=False)
        assert task.part is not None
        self.part = task.part(self.element)
        self.meaning = f"array of {self.part.meaning}"
        self.most = task.column.size or 10
        if task.unique:
            self.capacity = self.part.capacity
        self.fixed: int | None = None
        """The length of every list, where this is the inner part of another array."""
        if isinstance(self.part, ArrayFamily):
            self.part.fixed = min(2, self.part.most)

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        count = min(draw.between(1, 3), self.most)
        for size in (self.fixed,) if self.fixed else dict.fromkeys((count, self.most, 1, 2, 3, 4)):
            if 0 < size <= self.most and (made := self.filled(draw, size)) is not None:
                yield made
        yield from self.default()

    def wide(self, draw: Draw) -> Iterator[object]:
        """Lists of every length up to twelve, of numbers that validators mention, in order too."""
        named = [one for one in self.column.hints if isinstance(one, int) and 0 < one <= 100]
        for size in dict.fromkeys((*named, *range(1, 13), 24, 31)):
            if size <= self.most or self.column.size is None:
                made = self.filled(draw, size)
                yield made
                try:
                    yield sorted(made or [])  # type: ignore[type-var]  # what cannot be ordered is left out
                except TypeError:
                    continue
        for value in self.part.wide(self.inner(draw, 0)):
            yield [value]
            if self.column.size != 1:
                yield [value, value]

    def filled(self, draw: Draw, size: int) -> list[object] | None:
        """A list of so many different elements where there are so many; None where there is none."""
        values: list[object] = []
        for place in range(size * 3):
            if len(values) == size:
                break
            inner = self.inner(draw, place)
            value = next(self.part.candidates(inner), None)
            if value is not None and (value not in values or place >= size):
                values.append(value)
        if self.unique and values:
            values[0] = next(self.part.candidates(self.inner(draw, 0)), None)
        return values or None

    def inner(self, draw: Draw, place: int) -> Draw:
        """The draw of one element: the first has the row's number where values must differ."""
        key = mix(text_key("element"), place) if place else text_key("element")
        row = draw.row + place * (0 if self.unique else 1)
        return Draw(
            draw.setting,
            draw.table,
            self.element,
            row,
            draw.salt + (place if self.unique else 0),
            key=mix(key, draw.key),
            unique=draw.unique,
        )

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if name == "max":
            if (made := self.filled(draw, min(self.most, 100))) is not None:
                yield made
        elif name == "min":
            if (made := self.filled(draw, 1)) is not None:
                yield made
        elif name in ("unicode", "zero", "past"):
            for value in self.part.edge(name, self.inner(draw, 0)):
                yield [value]


class RangeFamily(Family):
    """Ranges of numbers, dates or date-times, the lower end included."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        element = task.column.element
        self.of = element.kind if element is not None else guessed(task.column.sql_type)
        self.meaning = f"range of {self.of}"
        self.agrees = bool(rules.role(self.name))
        if task.disjoint or task.unique:
            self.capacity = 100_000_000 if self.of in NUMBER_STEPS else 170_000

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        if self.task.disjoint or self.unique:
            assert self.capacity is not None
            if draw.row >= self.capacity:
                raise IndexError(f"row {draw.row} of a column that has only {self.capacity} ranges")
            yield self.slot(draw)
            return
        if self.of in NUMBER_STEPS:
            lower = draw.between(0, 50)
            yield RangeValue(self.cast(lower), self.cast(lower + draw.between(1, 50)))
            yield RangeValue(self.cast(1), self.cast(2))
        else:
            period = draw.period
            yield RangeValue(self.cast(period.at("start")), self.cast(period.at("end")))
            yield RangeValue(self.cast(period.now), self.cast(period.now + timedelta(days=1)))
        yield from self.default()

    def slot(self, draw: Draw) -> RangeValue:
        """The row's own range, apart from all others'."""
        if self.of in NUMBER_STEPS:
            return RangeValue(self.cast(draw.row * 10), self.cast(draw.row * 10 + 5))
        start = midnight(draw.period.now) - timedelta(days=4) * (draw.row + 1)
        return RangeValue(self.cast(start), self.cast(start + timedelta(days=2)))

    def cast(self, number: object) -> object:
        """A bound as the element has it, from an integer or an aware moment."""
        if isinstance(number, datetime):
            if self.of == "date":
                return number.date()
            return number if self.task.setting.aware else number.replace(tzinfo=None)
        return Decimal(number) if self.of == "decimal" and isinstance(number, int) else number

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if self.task.disjoint or self.unique:
            return
        if self.of in NUMBER_STEPS:
            bounds = {"max": (0, 2_147_483_646), "zero": (0, 1), "min": (1, 2)}
            if name in bounds:
                yield RangeValue(self.cast(bounds[name][0]), self.cast(bounds[name][1]))
        elif name == "past":
            yield RangeValue(self.cast(PAST), self.cast(PAST + timedelta(days=1)))
        elif name == "expired":
            yield RangeValue(self.cast(draw.period.at("start")), self.cast(draw.period.at("end", over=True)))


NUMBER_STEPS = ("integer", "decimal", "float")


def guessed(sql_type: str) -> str:
    """What a range of this SQL type holds."""
    return {"daterange": "date", "tstzrange": "datetime", "tsrange": "datetime", "numrange": "decimal"}.get(
        sql_type.lower(), "integer"
    )


class SearchFamily(Family):
    """A search vector: left to the database where it may be; else none, as empty text."""

    meaning = "search"

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        yield None if self.column.null else ""


class UnknownFamily(Family):
    """A type that nobody knows: the default, then one value of each sort."""

    meaning = "unknown"

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        if self.column.has_default and self.column.default is not None:
            yield copy.deepcopy(self.column.default)
        if (called := self.called_default()) not in (MISSING, None):
            yield called
        if self.column.null:
            yield None
        number = draw.row + 1 if self.unique else draw.between(1, 99)
        yield from (tag(draw), draw.serial or "a", number, {"id": number}, [number], True, Decimal(number),
                    float(number), row_uuid(draw), b"a", "", {}, [])  # fmt: skip
        now = draw.period.now
        yield from (now, now.date(), time(12), timedelta(minutes=number), now.replace(tzinfo=None))
        yield from (
            "POINT(13.4 52.5)",
            "(1,2)",
            "2020-01-01",
            "192.0.2.1",
            "a.b.c",
            "1",
            "{}",
            "[]",
            "00:00:5e:00:53:01",
        )
