"""Field classes and their options as columns; nothing here may reach a server."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps.registry import Apps
from django.contrib.postgres import fields as postgres
from django.contrib.postgres.search import SearchVectorField
from django.contrib.postgres.validators import KeysValidator
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Now
from django.test.utils import isolate_apps

from dbstate.catalog import Column, Table
from dbstate.introspection import read_catalog

Read = Callable[..., Table]
ReadColumn = Callable[[Any], Column]


@pytest.fixture
def apps() -> Iterator[Apps]:
    with isolate_apps("django.contrib.messages") as registry:
        yield registry


@pytest.fixture
def read(apps: Apps) -> Read:
    """Make the model Thing of these fields, and read its table."""

    def make(**fields: Any) -> Table:
        meta = type("Meta", (), {"app_label": "messages", "db_table": "thing"})
        type("Thing", (models.Model,), {"__module__": __name__, "Meta": meta, **fields})
        return read_catalog(apps)["thing"]

    return make


@pytest.fixture
def read_one(read: Read) -> ReadColumn:
    """Make a model with this one field, and read its column."""
    return lambda field: read(f=field).column("f")


class Colour(models.TextChoices):
    RED = "red"
    BLUE = "blue"


class Plain(enum.Enum):
    ONE = "one"
    TWO = "two"


class Upper(models.CharField):
    pass


class UpperAgain(Upper):
    pass


class Mystery(models.Field):
    """No ancestor but Field: its SQL type must tell."""

    def __init__(self, sql_type: str | None = None, **options: Any) -> None:
        self.told = sql_type
        super().__init__(**options)

    def db_type(self, connection: Any) -> str | None:
        return self.told


class Crashing(models.Field):
    def db_type(self, connection: Any) -> str:
        raise RuntimeError("no type today")


@pytest.mark.parametrize(
    ("field", "kind", "format_", "sql_type"),
    [
        (models.BigIntegerField(), "integer", "", "bigint"),
        (models.BinaryField(), "bytes", "", "bytea"),
        (models.BooleanField(), "boolean", "", "boolean"),
        (models.CharField(max_length=9), "text", "", "varchar(9)"),
        (models.DateField(), "date", "", "date"),
        (models.DateTimeField(), "datetime", "", "timestamp with time zone"),
        (models.DecimalField(max_digits=5, decimal_places=2), "decimal", "", "numeric(5, 2)"),
        (models.DurationField(), "duration", "", "interval"),
        (models.EmailField(), "text", "email", "varchar(254)"),
        (models.FileField(), "file", "", "varchar(100)"),
        (models.FilePathField(path="/nowhere"), "text", "path", "varchar(100)"),
        (models.FloatField(), "float", "", "double precision"),
        (models.GenericIPAddressField(), "ip", "ip", "inet"),
        (models.GenericIPAddressField(protocol="IPv4"), "ip", "ipv4", "inet"),
        (models.GenericIPAddressField(protocol="ipv6"), "ip", "ipv6", "inet"),
        (models.ImageField(), "file", "image", "varchar(100)"),
        (models.IntegerField(), "integer", "", "integer"),
        (models.JSONField(), "json", "", "jsonb"),
        (models.PositiveBigIntegerField(), "integer", "", "bigint"),
        (models.PositiveIntegerField(), "integer", "", "integer"),
        (models.PositiveSmallIntegerField(), "integer", "", "smallint"),
        (models.SlugField(), "text", "slug", "varchar(50)"),
        (models.SmallIntegerField(), "integer", "", "smallint"),
        (models.TextField(), "text", "", "text"),
        (models.TimeField(), "time", "", "time"),
        (models.URLField(), "text", "url", "varchar(200)"),
        (models.UUIDField(), "uuid", "", "uuid"),
        (postgres.ArrayField(models.DateField()), "array", "", "date[]"),
        (postgres.HStoreField(), "hstore", "", "hstore"),
        (postgres.IntegerRangeField(), "range", "", "int4range"),
        (postgres.BigIntegerRangeField(), "range", "", "int8range"),
        (postgres.DecimalRangeField(), "range", "", "numrange"),
        (postgres.DateRangeField(), "range", "", "daterange"),
        (postgres.DateTimeRangeField(), "range", "", "tstzrange"),
        (SearchVectorField(), "search", "", "tsvector"),
        (UpperAgain(max_length=3), "text", "", "varchar(3)"),
        (Mystery("numeric(6,2)"), "decimal", "", "numeric(6,2)"),
        (Mystery("timestamp(3) with time zone"), "datetime", "", "timestamp(3) with time zone"),
        (Mystery("text[]"), "array", "", "text[]"),
        (Mystery("CITEXT"), "text", "ci", "CITEXT"),
        (Mystery("geometry(Point,4326)"), "unknown", "", "geometry(Point,4326)"),
    ],
)
def test_kind(read_one: ReadColumn, field: Any, kind: str, format_: str, sql_type: str) -> None:
    column = read_one(field)
    assert (column.kind, column.format, column.sql_type) == (kind, format_, sql_type)
    assert column.trouble == ""


@pytest.mark.parametrize(
    ("field", "element_kind", "element_type"),
    [
        (postgres.IntegerRangeField(), "integer", "integer"),
        (postgres.BigIntegerRangeField(), "integer", "bigint"),
        (postgres.DecimalRangeField(), "decimal", "numeric"),
        (postgres.DateRangeField(), "date", "date"),
        (postgres.DateTimeRangeField(), "datetime", "timestamp with time zone"),
        (postgres.ArrayField(models.CharField(max_length=7)), "text", "varchar(7)"),
    ],
)
def test_element(read_one: ReadColumn, field: Any, element_kind: str, element_type: str) -> None:
    element = read_one(field).element
    assert element is not None
    assert (element.name, element.kind, element.sql_type) == ("f", element_kind, element_type)


def test_nested_array(read_one: ReadColumn) -> None:
    inner = postgres.ArrayField(models.CharField(max_length=2, choices=Colour.choices), size=3)
    column = read_one(postgres.ArrayField(inner, size=2))
    assert column.element is not None
    assert column.element.element is not None
    assert (column.size, column.element.size, column.element.element.max_length) == (2, 3, 2)
    assert column.element.element.choices == ("red", "blue")


def test_columns_without_a_type_or_with_a_crashing_one(read: Read) -> None:
    table = read(nothing=Mystery(None), crash=Crashing())
    assert [column.name for column in table.columns] == ["id", "crash"]
    crash = table.column("crash")
    assert crash.kind == "unknown"
    assert "RuntimeError: no type today" in crash.trouble


@pytest.mark.parametrize(
    ("field", "least", "greatest"),
    [
        (models.SmallIntegerField(), -32768, 32767),
        (models.PositiveSmallIntegerField(), 0, 32767),
        (models.PositiveBigIntegerField(), 0, 2**63 - 1),
        (models.DecimalField(max_digits=4, decimal_places=1), Decimal("-999.9"), Decimal("999.9")),
        (
            models.DecimalField(max_digits=40, decimal_places=10),
            -Decimal(f"{'9' * 30}.{'9' * 10}").copy_abs().copy_negate().copy_negate(),
            Decimal(f"{'9' * 30}.{'9' * 10}"),
        ),
        (Mystery("int2"), -32768, 32767),
    ],
)
def test_type_range(read_one: ReadColumn, field: Any, least: object, greatest: object) -> None:
    column = read_one(field)
    if isinstance(greatest, Decimal):
        least = greatest.copy_negate()
    assert (column.least, column.greatest) == (least, greatest)


def _raising() -> list[Any]:
    raise LookupError("the table is not there yet")


@pytest.mark.parametrize(
    ("choices", "stored"),
    [
        ([("a", "A"), ("b", "B"), ("", "none"), (None, "none")], ("a", "b")),
        ([("letters", [("a", "A"), ("b", "B")]), ("c", "C")], ("a", "b", "c")),
        ({"a": "A", "b": "B"}, ("a", "b")),
        (Colour, ("red", "blue")),
        (lambda: [("x", "X")], ("x",)),
        ([(one, one.name) for one in Plain], ("one", "two")),
    ],
)
def test_choices(read_one: ReadColumn, choices: Any, stored: tuple[object, ...]) -> None:
    assert read_one(models.CharField(max_length=9, choices=choices)).choices == stored


def test_integer_choices_keep_zero_and_false(read: Read) -> None:
    table = read(
        i=models.IntegerField(choices=[(0, "no"), (1, "one")]),
        b=models.BooleanField(choices=[(True, "yes"), (False, "no")]),
    )
    assert table.column("i").choices == (0, 1)
    assert table.column("b").choices == (True, False)


def test_raising_choices_are_trouble(read_one: ReadColumn) -> None:
    column = read_one(models.CharField(max_length=9, choices=_raising))
    assert column.choices == ()
    assert column.trouble == "its choices cannot be read: LookupError: the table is not there yet"


def _must_not_be_called() -> int:
    raise AssertionError("a default with possible side effects was called")


@pytest.mark.parametrize(
    ("field", "has_default", "default"),
    [
        (models.IntegerField(), False, None),
        (models.IntegerField(default=7), True, 7),
        (models.IntegerField(default=_must_not_be_called), True, None),
        (models.JSONField(default=dict), True, {}),
        (models.CharField(max_length=4, default=Colour.RED), True, "red"),
        (models.UUIDField(default=uuid.uuid4), True, None),
        (models.CharField(max_length=4, null=True, default=None), True, None),
        (models.CharField(max_length=4, default=object()), True, None),
    ],
)
def test_default(read_one: ReadColumn, field: Any, has_default: bool, default: object) -> None:
    column = read_one(field)
    assert (column.has_default, column.default) == (has_default, default)


def test_database_default_and_generated(read: Read) -> None:
    table = read(
        name=models.CharField(max_length=20, db_default="100% o'clock"),
        at=models.DateTimeField(db_default=Now()),
        lower=models.GeneratedField(
            expression=Lower("name"), output_field=models.CharField(max_length=20), db_persist=True
        ),
    )
    assert table.column("name").db_default == "'100% o''clock'"
    assert table.column("at").db_default == "STATEMENT_TIMESTAMP()"
    lower = table.column("lower")
    assert (lower.kind, lower.sql_type, lower.generated) == ("text", "varchar(20)", 'LOWER("name")')


def test_plain_facts(read: Read) -> None:
    table = read(
        made=models.DateTimeField(auto_now_add=True),
        saved=models.DateTimeField(auto_now=True),
        hidden=models.TextField("Secret", editable=False, blank=True, null=True, help_text="What is it?"),
        sorted=models.CharField(max_length=5, db_collation="C"),
    )
    assert table.column("id").auto
    assert not table.column("made").auto
    assert table.column("made").auto_now
    assert table.column("saved").auto_now
    hidden = table.column("hidden")
    assert (hidden.editable, hidden.blank, hidden.null) == (False, True, True)
    assert (hidden.label, hidden.help) == ("Secret", "What is it?")
    assert table.column("sorted").collation == "C"
    assert hidden.ancestors[0] == "django.db.models.fields.TextField"


@pytest.mark.parametrize(
    ("field", "judged"),
    [
        (models.CharField(max_length=4), False),
        (models.EmailField(), False),
        (models.ImageField(), False),
        (Upper(max_length=4), True),
        (Mystery("text"), True),
    ],
)
def test_field_classes_of_their_own_are_judged(read_one: ReadColumn, field: Any, judged: bool) -> None:
    assert read_one(field).judged is judged


def test_image_sizes_are_those_of_the_sample_image(read: Read) -> None:
    table = read(
        image=models.ImageField(width_field="w", height_field="h"),
        w=models.IntegerField(),
        h=models.IntegerField(),
        other=models.IntegerField(),
    )
    assert table.column("w").samples == (64,)
    assert table.column("h").samples == (48,)
    assert table.column("other").samples == ()


def test_file_paths_are_files_that_exist(read: Read, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.txt", "a.txt", "c.md", "deep/d.txt"):
        (tmp_path / name).write_text("")
    table = read(
        flat=models.FilePathField(path=str(tmp_path), match=r"\.txt$", max_length=300),
        deep=models.FilePathField(
            path=lambda: str(tmp_path), match=r"\.txt$", recursive=True, max_length=300
        ),
        folders=models.FilePathField(
            path=str(tmp_path), allow_files=False, allow_folders=True, max_length=300
        ),
        short=models.FilePathField(path=str(tmp_path), max_length=3),
        gone=models.FilePathField(path=str(tmp_path / "gone")),
    )
    names = {
        column.name: [str(Path(str(sample)).relative_to(tmp_path)) for sample in column.samples]
        for column in table.columns
    }
    assert names["flat"] == ["a.txt", "b.txt"]
    assert names["deep"] == ["a.txt", "b.txt", "deep/d.txt"]
    assert names["folders"] == ["deep"]
    assert names["short"] == names["gone"] == []


def test_file_paths_are_at_most_twenty(read: Read, tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}").write_text("")
    samples = read(f=models.FilePathField(path=str(tmp_path), max_length=300)).column("f").samples
    assert [Path(str(sample)).name for sample in samples] == [f"{number:02}" for number in range(20)]


def test_field_names_and_column_names(read: Read) -> None:
    column = read(f=models.IntegerField(db_column='odd "name" 100%s.x ü')).column('odd "name" 100%s.x ü')
    assert column.field == "f"


def test_dates_as_defaults_are_kept(read_one: ReadColumn) -> None:
    assert read_one(models.DateField(default=dt.date(2024, 2, 29))).default == dt.date(2024, 2, 29)


class Blankish(models.CharField):
    """NULL in the database, empty text in Python."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return "" if value is None else value


class Demanding(models.CharField):
    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return expression.output_field


@pytest.mark.parametrize(("field", "null"), [(Blankish, False), (Demanding, True), (models.CharField, True)])
def test_null_that_is_read_as_text_is_none(read_one: ReadColumn, field: Any, null: bool) -> None:
    column = read_one(field(max_length=3, null=True, blank=True, unique=True))
    assert (column.null, column.null_as_text) == (null, not null)


def test_hints_of_validators_that_only_calling_can_tell(read_one: ReadColumn) -> None:
    def whole_quarter(value: int) -> None:
        if value % 15:
            raise ValidationError("no quarter")

    column = read_one(models.IntegerField(validators=[whole_quarter]))
    assert column.judged
    assert 15 in column.hints
    assert column.hint_words == ("whole_quarter",)


def test_keys_of_an_object(read_one: ReadColumn) -> None:
    column = read_one(models.JSONField(validators=[KeysValidator(["width", "height"], strict=True)]))
    assert column.keys == ("height", "width")
    assert column.judged
