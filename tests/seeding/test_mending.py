"""Rows that the database accepts and full_clean() does not: what is tried instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps.registry import Apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import connection, models
from django.test.utils import isolate_apps

from dbstate.seeding import Options, Report, prepare

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Here:
    """Options of the models here: they belong to an app of the isolated registry."""

    app_label = "messages"


@pytest.fixture
def apps(empty: str) -> Iterator[Apps]:
    with isolate_apps("django.contrib.messages") as registry:
        yield registry


def filled(apps: Apps, *made: type[models.Model]) -> Report:
    """The report of a run that fills these models' tables."""
    with connection.schema_editor() as editor:
        for model in made:
            editor.create_model(model)
    return prepare(apps, using="default", options=Options(now=NOW)).run()


def test_files_of_the_sort_that_clean_admits(apps: Apps, media: Path) -> None:
    class Clip(models.Model):
        kind = models.CharField(max_length=5, choices=[("audio", "audio"), ("video", "video")])
        file = models.FileField()

        class Meta(Here):
            pass

        def clean(self) -> None:
            self.file.open().close()
            FileExtensionValidator({"audio": ["ogg"], "video": ["webm", "mp4"]}[self.kind])(self.file)

    report = filled(apps, Clip)
    assert report.findings == []
    files = dict(Clip._base_manager.values_list("file", "kind"))
    assert set(files.items()) == {("samples/sample.mp4", "video"), ("samples/sample.ogg", "audio")}
    assert all((media / name).is_file() for name in files)


class Wrapped(str):
    """What a field's own type is like: no number, though its validators think so."""

    __slots__ = ()


class Wrapping(models.IntegerField):
    """A key of a class of its own."""

    def to_python(self, value: Any) -> Any:
        return None if value is None else Wrapped(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return self.to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else int(value)


def test_a_key_whose_validators_fail_for_its_own_type_is_filled_all_the_same(apps: Apps) -> None:
    class Owner(models.Model):
        key = Wrapping(primary_key=True)

        class Meta(Here):
            pass

    class Owned(models.Model):
        owner = models.ForeignKey(Owner, models.CASCADE)

        class Meta(Here):
            pass

    report = filled(apps, Owner, Owned)
    assert {table.label: table.made for table in report.tables} == {
        "messages.Owner": 10,
        "messages.Owned": 10,
    }
    assert {finding.where for finding in report.findings} == {"messages.Owner"}
    keys = set(Owner._base_manager.values_list("key", flat=True))
    assert keys > set(Owned._base_manager.values_list("owner", flat=True))


TRIGGER = """
    CREATE FUNCTION choosy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.currency <> 'EUR' THEN
        RAISE EXCEPTION 'no account in %. Currencies: ["EUR"]', NEW.currency
            USING ERRCODE = 'check_violation';
    ELSIF NEW.tag <> 'zq-17' THEN
        RAISE EXCEPTION 'tag % is not "zq-17"', NEW.tag
            USING ERRCODE = 'check_violation', CONSTRAINT = 'tagged';
    END IF;
    RETURN NEW; END $$
"""


def test_what_a_trigger_says_that_it_wants(apps: Apps) -> None:
    class Account(models.Model):
        currency = models.CharField(max_length=3, choices=[(code, code) for code in ("ILP", "EUR", "USD")])
        tag = models.CharField(max_length=20)

        class Meta(Here):
            pass

    with connection.schema_editor() as editor:
        editor.create_model(Account)
    with connection.cursor() as cursor:
        cursor.execute(TRIGGER)
        cursor.execute(
            "CREATE TRIGGER t BEFORE INSERT ON messages_account FOR EACH ROW EXECUTE FUNCTION choosy()"
        )
    report = prepare(apps, using="default", options=Options(now=NOW)).run()
    assert {table.label: table.made for table in report.tables} == {"messages.Account": 10}
    assert set(Account._base_manager.values_list("currency", "tag")) == {("EUR", "zq-17")}


def test_what_clean_says_that_it_wants(apps: Apps) -> None:
    class Rung(models.Model):
        name = models.CharField(max_length=20)
        height = models.IntegerField()

        class Meta(Here):
            pass

        def clean(self) -> None:
            if self.height != 1_234_567:
                raise ValidationError({"height": "Ensure this is exactly 1234567."})
            if self.name != "upper-rung":
                raise ValidationError("The name of a rung is \u201cupper-rung\u201d.")

    report = filled(apps, Rung)
    assert report.findings == []
    assert set(Rung._base_manager.values_list("name", "height")) == {("upper-rung", 1_234_567)}


def test_generic_keys_that_share_their_type_column(empty: str) -> None:
    """Of the object ids of such a row one is set, as the CHECK asks that libraries write for it."""
    with isolate_apps("django.contrib.messages", "django.contrib.contenttypes") as registry:

        class ContentType(models.Model):
            app_label = models.CharField(max_length=100)
            model = models.CharField(max_length=100)

            class Meta:
                app_label = "contenttypes"
                db_table = "django_content_type"

        class Thing(models.Model):
            class Meta(Here):
                pass

        class Value(models.Model):
            kind = models.ForeignKey(ContentType, models.CASCADE)
            number = models.IntegerField(null=True, blank=True)
            uuid = models.UUIDField(null=True, blank=True)
            numbered = GenericForeignKey("kind", "number")
            identified = GenericForeignKey("kind", "uuid")

            class Meta(Here):
                constraints = (
                    models.CheckConstraint(
                        condition=models.Q(number__isnull=True, uuid__isnull=False)
                        | models.Q(number__isnull=False, uuid__isnull=True),
                        name="one_of_them",
                    ),
                )

        report = filled(registry, Thing, Value)
    assert report.findings == []
    things = set(Thing._base_manager.values_list("pk", flat=True))
    assert set(Value._base_manager.values_list("number", "uuid")) <= {(number, None) for number in things}
    assert Value._base_manager.count() >= 5


def test_rows_that_came_later_name_others_where_clean_wants_that(apps: Apps) -> None:
    class Folder(models.Model):
        class Meta(Here):
            pass

        def clean(self) -> None:
            if self.pk % 3 == 0 and self.papers.exists():
                raise ValidationError("Every third folder stays empty.")

    class Paper(models.Model):
        folder = models.ForeignKey(Folder, models.CASCADE, related_name="papers")
        number = models.IntegerField()

        class Meta(Here):
            unique_together = (("folder", "number"),)

    report = filled(apps, Folder, Paper)
    assert report.findings == []
    assert Paper._base_manager.count() == 10
    assert not [pk for pk in Paper._base_manager.values_list("folder", flat=True) if pk % 3 == 0]


def test_the_same_row_is_not_asked_about_again_and_again(apps: Apps) -> None:
    """The few values of such columns are come upon in many ways; each question may cost queries."""
    asked: Counter[tuple[Any, ...]] = Counter()

    class Hopeless(models.Model):
        kind = models.CharField(max_length=1, choices=[("a", "a"), ("b", "b")])
        flag = models.BooleanField()

        class Meta(Here):
            pass

        def clean(self) -> None:
            asked[self.pk, self.kind, self.flag] += 1
            raise ValidationError("Nothing will do.")

    report = filled(apps, Hopeless)
    assert [finding.code for finding in report.findings] == ["full-clean"]
    # As it was loaded, while it is mended, and again at the end.
    assert max(asked.values()) <= 4


class Asking(models.CharField):
    """A field that asks the database whenever it prepares a value, as fields that keep keys there do."""

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT upper(%s)", [value])
            return super().get_db_prep_save(cursor.fetchone()[0], connection)


def test_fields_that_ask_the_database_do_so_before_rows_are_sent(apps: Apps) -> None:
    class Kept(models.Model):
        text = Asking(max_length=40)

        class Meta(Here):
            pass

    report = filled(apps, Kept)
    assert report.findings == []
    texts = [*Kept._base_manager.values_list("text", flat=True)]
    assert len(texts) == 10
    assert texts == [text.upper() for text in texts]
