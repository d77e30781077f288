"""The way back from a catalog to Django."""

from __future__ import annotations

import datetime as dt
import json
import logging
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.validators import FileExtensionValidator, MinValueValidator
from django.db import connection, models, router
from django.db.migrations.state import ModelState, ProjectState
from django.test.utils import isolate_apps

from dbstate import binding as binding_module
from dbstate.binding import Binding, Complaint, Refused, Unbound, bind
from dbstate.catalog import Catalog, Table
from dbstate.introspection import read_catalog
from dbstate.values import RangeValue


@pytest.fixture
def apps() -> Iterator[Apps]:
    with isolate_apps("django.contrib.messages") as registry:
        yield registry


class Here:
    """Options of the models here: they belong to an app of the isolated registry."""

    app_label = "messages"


def _bind(apps: Apps) -> Binding:
    return bind(read_catalog(apps), apps, using="default")


class Cents(models.IntegerField):
    """Euros in Python, cents in the database."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else int(value * 100)


class Jealous:
    """A descriptor that works only on an instance with a currency, as money fields have."""

    def __init__(self, field: Any) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance.__dict__["currency"] is None:
            raise TypeError("no currency")
        return instance.__dict__.get(self.field.attname)

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class Amount(models.DecimalField):
    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, Jealous(self))


def _boom(value: object) -> None:
    raise ZeroDivisionError("boom")


@pytest.fixture
def thing(apps: Apps) -> Binding:
    class Shop(models.Model):
        code = models.CharField(max_length=4, primary_key=True)

        class Meta(Here):
            pass

    class Thing(models.Model):
        number = models.IntegerField(validators=[MinValueValidator(3)], db_column="The Number")
        name = models.CharField(max_length=4, choices=[("a", "A"), ("b", "B")], blank=True)
        boom = models.TextField(validators=[_boom])
        shop = models.ForeignKey(Shop, models.CASCADE)
        file = models.FileField(validators=[FileExtensionValidator(["pdf"])])
        cents = Cents(default=lambda: Decimal("1.5"))
        currency = models.CharField(max_length=3, default="EUR")
        amount = Amount(max_digits=5, decimal_places=2, validators=[MinValueValidator(1)])
        made = models.DateTimeField(null=True, blank=True)

        class Meta(Here):
            pass

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if not self.currency:
                raise RuntimeError("a thing needs a currency")

    return _bind(apps)


def test_model_and_field(thing: Binding) -> None:
    assert thing.model("messages_thing").__name__ == "Thing"
    assert thing.field("messages_thing", "The Number").name == "number"
    with pytest.raises(Unbound, match="nowhere"):
        thing.model("nowhere")
    with pytest.raises(Unbound, match=r"'number'.*messages\.Thing"):
        thing.field("messages_thing", "number")


@pytest.mark.parametrize(
    ("column", "value", "accepted"),
    [
        ("The Number", "7", 7),
        ("name", "", ""),
        ("name", "b", "b"),
        ("shop_id", "gone", "gone"),
        ("file", "a.pdf", "a.pdf"),
        ("amount", "2.50", Decimal("2.50")),
        ("made", None, None),
        ("made", "2024-02-29T10:00:00Z", dt.datetime(2024, 2, 29, 10, tzinfo=dt.UTC)),
    ],
)
def test_accepted(thing: Binding, column: str, value: object, accepted: object) -> None:
    cleaned = thing.accept("messages_thing", column, value)
    assert cleaned == accepted
    assert type(cleaned) is type(accepted)


@pytest.mark.parametrize(
    ("column", "value", "reason", "crashed"),
    [
        ("The Number", 2, "greater than or equal to 3", False),
        ("The Number", None, "cannot be null", False),
        ("name", "c", "not a valid choice", False),
        ("boom", "x", "ZeroDivisionError: boom", True),
        ("shop_id", None, "cannot be null", False),
        ("file", "a.exe", "extension", False),
        ("amount", "0.5", "greater than or equal to 1", False),
        ("currency", "", "cannot be blank", False),
    ],
)
def test_refused(thing: Binding, column: str, value: object, reason: str, crashed: bool) -> None:
    with pytest.raises(Refused, match=reason) as caught:
        thing.accept("messages_thing", column, value)
    assert caught.value.crashed is crashed
    field = thing.field("messages_thing", column)
    assert caught.value.where == f"messages.Thing.{field.name}"
    assert caught.value.field_class in str(caught.value)


def test_a_value_that_cannot_show_itself_is_refused_like_any_other(thing: Binding) -> None:
    class Sealed:
        def __repr__(self) -> str:
            raise ValueError("not loaded yet")

    with pytest.raises(Refused, match="Sealed"):
        thing.accept("messages_thing", "The Number", Sealed())
    with pytest.raises(Refused, match="Sealed"):
        thing.encode("messages_thing", "cents", Sealed())


class Once:
    """A descriptor that refuses to change what is there, as protected state fields do."""

    def __init__(self, field: Any) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any) -> Any:
        return instance.__dict__[self.field.attname]

    def __set__(self, instance: Any, value: Any) -> None:
        if self.field.attname in instance.__dict__:
            raise AttributeError("it may not be changed")
        instance.__dict__[self.field.attname] = value


class Protected(models.CharField):
    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, Once(self))


class Priced(models.IntegerField):
    """Refused where the column beside it, ``<name>_currency``, is empty."""

    def clean(self, value: Any, model_instance: Any) -> Any:
        if not getattr(model_instance, f"{self.name}_currency"):
            raise ValidationError("of which currency?")
        return super().clean(value, model_instance)


def test_what_wants_a_fuller_instance_is_asked_on_one(apps: Apps) -> None:
    class Sale(models.Model):
        state = Protected(max_length=4)
        cost = Priced(null=True, blank=True)
        cost_currency = models.CharField(max_length=3, null=True, choices=[("CHF", "F"), ("EUR", "E")])
        other = Priced()
        other_currency = models.CharField(max_length=3, default="")

        class Meta(Here):
            pass

    sale = _bind(apps)
    assert sale.accept("messages_sale", "state", "new") == "new"
    assert sale.accept("messages_sale", "cost", 5) == 5
    with pytest.raises(Refused, match="of which currency"):
        sale.accept("messages_sale", "other", 5)


def test_accepting_leaves_no_trace_for_the_next_value(thing: Binding) -> None:
    assert thing.accept("messages_thing", "The Number", 5) == 5
    with pytest.raises(Refused):
        thing.accept("messages_thing", "The Number", 1)
    assert thing.accept("messages_thing", "The Number", 5) == 5


def test_encode(thing: Binding) -> None:
    assert thing.encode("messages_thing", "cents", Decimal("2.5")) == 250
    assert thing.encode("messages_thing", "shop_id", "abc") == "abc"
    with pytest.raises(Refused, match=r"prepare 'x' for messages\.Thing\.cents"):
        thing.encode("messages_thing", "cents", "x")


def test_convert_asks_no_validator(thing: Binding) -> None:
    table, column = "messages_thing", "id"
    assert thing.convert(table, column, "7") == 7
    with pytest.raises(Refused, match=r"convert a value for messages\.Thing\.id"):
        thing.convert(table, column, "seven")


def test_default(thing: Binding) -> None:
    assert thing.default("messages_thing", "cents") == Decimal("1.5")
    with pytest.raises(Refused, match=r"messages\.Thing\.number"):
        thing.default("messages_thing", "The Number")


def test_instance(thing: Binding) -> None:
    made = thing.instance("messages_thing", {"id": 4, "The Number": 9, "currency": "EUR", "shop_id": "x"})
    assert (made.pk, made.number, made.shop_id, made.name) == (4, 9, "x", None)  # type: ignore[attr-defined]
    assert made._state.adding is False
    assert made._state.db == "default"


def test_instance_of_a_model_whose_init_crashes(thing: Binding) -> None:
    made = thing.instance("messages_thing", {"id": 4, "The Number": 9})
    assert (made.pk, made.number) == (4, 9)  # type: ignore[attr-defined]
    assert made._state.adding is False


def test_instance_over_tables(apps: Apps) -> None:
    class Place(models.Model):
        name = models.CharField(max_length=9)

        class Meta(Here):
            pass

    class Bar(Place):
        seats = models.IntegerField()

        class Meta(Here):
            pass

    binding = _bind(apps)
    made: Any = binding.instance(
        "messages_bar",
        {"messages_place": {"id": 3, "name": "Mug"}, "messages_bar": {"place_ptr_id": 3, "seats": 8}},
    )
    assert (made.pk, made.id, made.name, made.seats) == (3, 3, "Mug", 8)
    assert binding.accept("messages_bar", "place_ptr_id", "3") == 3
    assert binding.encode("messages_bar", "place_ptr_id", 3) == 3


def test_composite_and_uuid_keys(apps: Apps) -> None:
    class Cell(models.Model):
        pk = models.CompositePrimaryKey("x", "y")
        x = models.UUIDField(default=uuid.uuid4)
        y = models.IntegerField()

        class Meta(Here):
            pass

    binding = _bind(apps)
    key = uuid.UUID(int=1)
    made = binding.instance("messages_cell", {"x": key, "y": 2})
    assert made.pk == (key, 2)
    assert binding.accept("messages_cell", "x", str(key)) == key
    assert isinstance(binding.default("messages_cell", "x"), uuid.UUID)


def test_ranges_become_those_of_the_field(apps: Apps) -> None:
    class Stay(models.Model):
        nights = ArrayField(DateRangeField())
        name = models.CharField(max_length=3)

        class Meta(Here):
            pass

    binding = _bind(apps)
    ours = RangeValue(dt.date(2024, 1, 1), dt.date(2024, 1, 3), "[)")
    (cleaned,) = binding.accept("messages_stay", "nights", [ours])
    assert not isinstance(cleaned, RangeValue)
    assert (cleaned.lower, cleaned.upper, cleaned.bounds) == (ours.lower, ours.upper, "[)")
    (encoded,) = binding.encode("messages_stay", "nights", [ours])
    assert encoded == cleaned
    with pytest.raises(Refused, match=r"messages\.Stay\.name"):
        binding.accept("messages_stay", "name", ours)


def test_bound_to_historical_models() -> None:
    state = ProjectState()
    fields = [("id", models.AutoField(primary_key=True)), ("n", models.CharField(max_length=2))]
    state.add_model(ModelState("shop", "Shop", fields))
    binding = _bind(state.apps)
    assert binding.accept("shop_shop", "n", "ab") == "ab"
    with pytest.raises(Refused):
        binding.accept("shop_shop", "n", "abc")


def test_bound_to_the_wrong_registry(apps: Apps) -> None:
    table = Table("x", "messages.Missing", (), ())
    with pytest.raises(Unbound, match=r"messages\.Missing"):
        bind(Catalog.from_tables((table,)), apps)
    live = Table("x", "x", (), ())
    with pytest.raises(Unbound, match="'x'"):
        bind(Catalog.from_tables((live,)), apps).model("x")


class Ledger(models.CharField):
    """Keeps a note of each value in a table of its own, as encrypting fields do."""

    asked: ClassVar[list[Any]] = []

    def get_prep_value(self, value: Any) -> Any:
        self.asked.append(value)
        if value == "broken":
            with connection.cursor() as cursor:
                cursor.execute("SELECT no_such_column")
        Group.objects.get_or_create(name=f"note of {value}")
        return value


class Shouting(models.CharField):
    """Prepares without a query; cannot read what is not in capitals."""

    asked: ClassVar[list[Any]] = []

    def get_prep_value(self, value: Any) -> Any:
        self.asked.append(value)
        return None if value is None else f"<{value}>"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value != value.upper():
            raise LookupError(value)
        return expression.output_field.to_python(value.strip("<>"))


class Wrapped(str):
    """What a field's own type is like: its validators know nothing of it."""


class Wrapping(models.IntegerField):
    def to_python(self, value: Any) -> Any:
        return None if value is None else Wrapped(value)

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else int(value)


class Listing(json.JSONDecoder):
    def decode(self, s: str) -> Any:  # type: ignore[override]  # the module's own helper argument is left out
        return {"a": 1}[super().decode(s)[0]]


@pytest.fixture
def judged(apps: Apps) -> Binding:
    class Judged(models.Model):
        note = Ledger(max_length=20)
        shout = Shouting(max_length=20)
        wrapped = Wrapping()
        reasons = models.JSONField(decoder=Listing)
        spoken = models.CharField(max_length=9, validators=[_noisy])

        class Meta(Here):
            pass

    return _bind(apps)


def _noisy(value: str) -> None:
    logging.getLogger("a.library").error("what is %s?", value)


class TestJudging:
    """``judge``: what accept() says, what preparing says, each once, and nothing stays of it."""

    TABLE = "messages_judged"

    @pytest.mark.django_db
    def test_nothing_stays_of_what_a_field_does(self, judged: Binding) -> None:
        assert judged.judge(self.TABLE, "note", "a") == "a"
        with pytest.raises(Refused, match="no_such_column"):
            judged.judge(self.TABLE, "note", "broken")
        assert not Group.objects.filter(name__startswith="note of").exists()
        judged.encode(self.TABLE, "note", "a")
        assert Group.objects.filter(name="note of a").exists()

    @pytest.mark.django_db
    def test_each_value_is_prepared_once(self, judged: Binding) -> None:
        Shouting.asked.clear()
        assert [judged.judge(self.TABLE, "shout", "A") for _ in range(3)] == ["A"] * 3
        assert judged.encode(self.TABLE, "shout", "A") == "<A>"
        assert Shouting.asked == ["A"]
        assert judged.encode(self.TABLE, "shout", "B") == "<B>"

    @pytest.mark.django_db
    def test_what_cannot_be_read_again_is_refused(self, judged: Binding) -> None:
        with pytest.raises(Refused, match=r"cannot read 'a' again from messages\.Judged\.shout.*LookupError"):
            judged.judge(self.TABLE, "shout", "a")
        with pytest.raises(Refused, match="LookupError"):
            judged.judge(self.TABLE, "shout", "a")
        assert judged.judge(self.TABLE, "reasons", ["a"]) == ["a"]
        with pytest.raises(Refused, match="KeyError"):
            judged.judge(self.TABLE, "reasons", ["b"])

    @pytest.mark.django_db
    def test_a_field_whose_validators_fail_for_its_own_type_holds_values(self, judged: Binding) -> None:
        with pytest.raises(Refused, match="TypeError") as failed:
            judged.judge(self.TABLE, "wrapped", 5)
        assert failed.value.crashed
        assert type(judged.hold(self.TABLE, "wrapped", 5)) is Wrapped
        with pytest.raises(Refused, match="LookupError"):
            judged.hold(self.TABLE, "shout", "a")

    @pytest.mark.django_db
    def test_libraries_are_not_heard(self, judged: Binding, caplog: pytest.LogCaptureFixture) -> None:
        judged.judge(self.TABLE, "spoken", "a")
        assert caplog.records == []
        logging.getLogger("a.library").error("heard")
        assert len(caplog.records) == 1


@pytest.mark.django_db
def test_a_complaint_tells_which_files_are_admitted(apps: Apps) -> None:
    class Upload(models.Model):
        name = models.CharField(max_length=9)

        class Meta(Here):
            pass

        def clean(self) -> None:
            FileExtensionValidator(["PNG", "gif"])(File(None, name=self.name))

    instance = Upload(id=1, name="a.txt")
    instance._state.adding = False
    (complaint,) = _bind(apps).full_clean(instance)
    assert complaint.code == "invalid_extension"
    assert complaint.extensions == ("png", "gif")


@pytest.mark.django_db
class TestAgainstTheDatabase:
    """What needs rows: real models of Django."""

    def test_full_clean(self) -> None:
        binding = _bind(installed)
        Group.objects.create(name="taken")
        assert binding.full_clean(binding.instance("auth_group", {"id": 10**6, "name": "free"})) == ()
        (complaint,) = binding.full_clean(binding.instance("auth_group", {"id": 10**6, "name": "taken"}))
        assert (complaint.field, complaint.code) == ("name", "unique")
        (complaint,) = binding.full_clean(binding.instance("auth_group", {"id": 10**6, "name": ""}))
        assert (complaint.field, complaint.code) == ("name", "blank")

    def test_crashing_clean(self) -> None:
        class Crashing(Group):
            class Meta:
                app_label = "auth"
                proxy = True

            def clean(self) -> None:
                Group.objects.create(name="left by clean")
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1/0")

        try:
            complaints = _bind(installed).full_clean(Crashing(id=1, name="x"))
        finally:
            del installed.all_models["auth"]["crashing"]
            installed.clear_cache()
        (complaint,) = complaints
        assert (complaint.field, complaint.code) == (None, "crashed")
        assert "DataError: division by zero" in complaint.message
        assert not Group.objects.filter(name="left by clean").exists()

    def test_complaint_about_the_whole(self) -> None:
        class Unhappy(Group):
            class Meta:
                app_label = "auth"
                proxy = True

            def clean(self) -> None:
                raise ValidationError("never", code="mood")

        try:
            complaints = _bind(installed).full_clean(Unhappy(id=1, name="x"))
        finally:
            del installed.all_models["auth"]["unhappy"]
            installed.clear_cache()
        assert complaints == (Complaint(None, "never", "mood"),)

    def test_allowed(self, apps: Apps) -> None:
        class Badge(models.Model):
            limited = models.ForeignKey(
                Group, models.CASCADE, limit_choices_to=lambda: {"name__startswith": "a"}, related_name="+"
            )
            free = models.ForeignKey(Group, models.CASCADE, related_name="+")
            broken = models.ForeignKey(
                Group, models.CASCADE, limit_choices_to={"nothing": 1}, related_name="+"
            )

            class Meta(Here):
                pass

        Group.objects.create(name="abc")
        Group.objects.create(name="xyz")
        binding = _bind(apps)
        rows = binding.allowed("messages_badge", "limited")
        assert rows is not None
        assert [row.name for row in rows] == ["abc"]  # type: ignore[attr-defined]
        assert binding.allowed("messages_badge", "free") is None
        with pytest.raises(Refused, match=r"messages\.Badge\.broken.*FieldError"):
            binding.allowed("messages_badge", "broken")


def test_full_clean_reads_where_the_rows_are():
    assert router.db_for_read(Group) == "default"
    with binding_module._reading_from("other"):
        assert router.db_for_read(Group) == "other"
    assert router.db_for_read(Group) == "default"
