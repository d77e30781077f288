"""The way back from a catalog's names to Django's models and fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.apps.registry import Apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import connections, transaction
from django.db.models import Field, FileField, ForeignKey, Model, QuerySet
from django.db.models.base import ModelState

from dbstate.catalog import Catalog
from dbstate.errors import DbstateError
from dbstate.values import RangeValue

Result = TypeVar("Result")

CRASHED = "crashed"
"""Code of a complaint when validation itself raised something else than ValidationError."""
UNPRINTABLE = "unprintable"
"""Code of a complaint when full_clean() accepts the row and str() of it raises."""


class Refused(DbstateError):
    """A field, or code of the project behind it, did not take a value.

    ``crashed`` tells an exception of the code from an honest ValidationError.
    """

    def __init__(self, where: str, field_class: str, did: str, reason: str, *, crashed: bool) -> None:
        super().__init__(f"cannot {did} {where} ({field_class}): {reason}")
        self.where = where
        self.field_class = field_class
        self.reason = reason
        self.crashed = crashed


class Unbound(DbstateError):
    """A name of the catalog that has no model or field in the registry."""

    def __init__(self, name: str, registry: str) -> None:
        super().__init__(
            f"cannot find {name} in the models: {registry}; bind the catalog to the registry it was read from"
        )
        self.name = name


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that full_clean() has against an instance."""

    field: str | None
    """Field name; None for the instance as a whole."""
    message: str
    code: str
    """Django's code of the error, or CRASHED."""


class Binding:
    """Django's side of a catalog: its models, fields and their rules, for one database."""

    def __init__(self, models: Mapping[str, type[Model]], *, using: str) -> None:
        self._using = using
        self._connection = connections[using]
        self._models = dict(models)
        self._fields: dict[tuple[str, str], Field[Any, Any]] = {
            (table, str(field.column)): field
            for table, model in models.items()
            for field in _local_fields(model)
        }

    def model(self, table_name: str) -> type[Model]:
        """The model of a table."""
        try:
            return self._models[table_name]
        except KeyError:
            raise Unbound(f"table {table_name!r}", "no model has it") from None

    def field(self, table_name: str, column_name: str) -> Field[Any, Any]:
        """The field of a column."""
        model = self.model(table_name)
        try:
            return self._fields[table_name, column_name]
        except KeyError:
            raise Unbound(f"column {column_name!r}", f"{model._meta.label} has no such column") from None

    def accept(self, table_name: str, column_name: str, value: Any) -> Any:
        """The value as full_clean() leaves it in the field; Refused when it does not pass.

        Only the field is asked: no other field, no row of another table.
        """
        field = self.field(table_name, column_name)
        clean = lambda: self._clean(field, native(field, value))  # noqa: E731 - one expression
        return self._guarded(table_name, field, f"give {_shown(value)} to", clean)

    def convert(self, table_name: str, column_name: str, value: Any) -> Any:
        """The value in the field's own Python type, unjudged; Refused when the field does not know it."""
        field = self.field(table_name, column_name)
        return self._guarded(table_name, field, "convert a value for", lambda: field.to_python(value))

    def encode(self, table_name: str, column_name: str, value: Any) -> Any:
        """What the field hands to the driver for the value; Refused when it cannot."""
        field = self.field(table_name, column_name)
        prepare = lambda: field.get_db_prep_save(native(field, value), self._connection)  # noqa: E731
        return self._guarded(table_name, field, f"prepare {_shown(value)} for", prepare)

    def default(self, table_name: str, column_name: str) -> Any:
        """The model's default, called if it is a callable; Refused when there is none."""
        field = self.field(table_name, column_name)
        if not field.has_default():
            raise Refused(
                self._where(table_name, field), _class_name(field), "default", "none", crashed=False
            )
        return self._guarded(table_name, field, "call the default of", field.get_default)

    def instance(self, table_name: str, values: Mapping[str, Any] | Mapping[str, Mapping[str, Any]]) -> Model:
        """An instance as if loaded from the database, without a query.

        ``values`` are Python values by column name; or, for a model that inherits from other
        tables, such mappings by table name. Columns that are not given are None.
        """
        model = self.model(table_name)
        by_table = values if self._is_by_table(model, values) else {table_name: values}
        by_attname: dict[str, Any] = {field.attname: None for field in model._meta.concrete_fields}
        for table, columns in by_table.items():
            for column, value in columns.items():
                field = self.field(table, column)
                by_attname[field.attname] = native(field, value)
        try:
            return model.from_db(self._using, list(by_attname), list(by_attname.values()))
        except Exception:  # a model's __init__ and the signals around it are the project's
            return self._bare_instance(model, by_attname)

    def full_clean(self, instance: Model) -> tuple[Complaint, ...]:
        """What full_clean() has against the instance; nothing that it writes stays.

        Errors of the connection itself (not of a query inside) are raised.
        """
        with transaction.atomic(using=self._using):
            try:
                return _asked(instance)
            finally:
                transaction.set_rollback(True, using=self._using)

    def full_clean_all(self, instances: Sequence[Model]) -> list[tuple[Complaint, ...]]:
        """What full_clean() has against each instance, asked in one savepoint.

        Where one's code raises something unexpected, which may leave the transaction unusable, each
        is asked alone.
        """
        found: list[tuple[Complaint, ...]] = []
        with transaction.atomic(using=self._using):
            for instance in instances:
                found.append(_asked(instance))
                if _crashed(found[-1]):
                    break
            transaction.set_rollback(True, using=self._using)
        if found and _crashed(found[-1]):
            return [self.full_clean(instance) for instance in instances]
        return found

    def allowed(self, table_name: str, fk_name: str) -> QuerySet[Model] | None:
        """The rows that limit_choices_to admits; None when it limits nothing."""
        field: Any = self.model(table_name)._meta.get_field(fk_name)
        limit = self._guarded(
            table_name, field, "call limit_choices_to of", lambda: field.get_limit_choices_to()
        )
        if not limit:
            return None
        rows = field.remote_field.model._base_manager.using(self._using)
        limited: QuerySet[Model] = self._guarded(
            table_name, field, "limit the choices of", lambda: rows.complex_filter(limit)
        )
        return limited

    def _clean(self, field: Any, value: Any) -> Any:
        """The cleaned value; where that fails on a bare instance, once more on ones with more in them.

        A descriptor may want __init__ or a sibling column, as those of money and of images do.
        """
        try:
            return _clean_on(_bare(field.model, self._using), field, value)
        except ValidationError as error:
            if type(field).__module__.startswith("django."):
                raise
            first: Exception = error
        except Exception as error:  # field classes and validators are the project's
            first = error
        for fuller in (_with_defaults, _with_companions):
            try:
                instance = fuller(field)
                if instance is not None:
                    return _clean_on(instance, field, value)
            except ValidationError as error:
                first = first if isinstance(first, ValidationError) else error
            except Exception:  # the first failure is told
                continue
        raise first

    def _bare_instance(self, model: type[Model], by_attname: Mapping[str, Any]) -> Model:
        """The instance made without __init__; Refused when a descriptor does not stand that."""
        instance = _bare(model, self._using)
        instance._state.adding = False
        try:
            for attname, value in by_attname.items():
                setattr(instance, attname, value)
        except Exception as error:  # descriptors are third-party code
            where, reason = str(model._meta.label), _told(error)
            raise Refused(where, _class_path(model), "make an instance of", reason, crashed=True) from error
        return instance

    def _is_by_table(self, model: type[Model], values: Mapping[str, Any]) -> bool:
        tables = {model._meta.db_table, *(parent._meta.db_table for parent in model._meta.all_parents)}
        return bool(values) and all(
            name in tables and isinstance(part, Mapping) for name, part in values.items()
        )

    def _guarded(self, table_name: str, field: Any, did: str, act: Callable[[], Result]) -> Result:
        """The result of third-party code, or Refused with what it raised."""
        where = self._where(table_name, field)
        try:
            return act()
        except ValidationError as error:
            reason = _said(error)
            raise Refused(where, _class_name(field), did, reason, crashed=False) from error
        except Exception as error:  # field classes and validators are the project's
            raise Refused(where, _class_name(field), did, _told(error), crashed=True) from error

    def _where(self, table_name: str, field: Any) -> str:
        return f"{self.model(table_name)._meta.label}.{field.name}"


def bind(catalog: Catalog, apps: Apps, *, using: str = "default") -> Binding:
    """The binding of a catalog that was read from this registry; Unbound for a table without a model.

    Tables that no model stands for (of a live catalog) are left out.
    """
    models: dict[str, type[Model]] = {}
    for table in catalog:
        if table.label == table.name:
            continue
        try:
            models[table.name] = apps.get_model(table.label)
        except (LookupError, ValueError):
            raise Unbound(table.label, "the registry has no such model") from None
    return Binding(models, using=using)


def _local_fields(model: Any) -> Iterator[Any]:
    return (field for field in model._meta.local_concrete_fields if field.column)


def _bare(model: type[Model], using: str) -> Model:
    """An unsaved instance with None everywhere; neither __init__ nor a signal runs."""
    instance = model.__new__(model)
    instance._state = ModelState()
    instance._state.db = using
    instance.__dict__.update({field.attname: None for field in model._meta.concrete_fields})
    return instance


def _with_defaults(field: Any) -> Model:
    """An instance as the model's __init__ makes it."""
    instance: Model = field.model()
    return instance


def _with_companions(field: Any) -> Model | None:
    """An instance on which columns named after the field have one of their choices; None without any."""
    named = [one for one in field.model._meta.local_fields if one.name.startswith(f"{field.name}_")]
    companions = [one for one in named if one.choices]
    if not companions:
        return None
    instance: Model = field.model()
    for one in companions:
        values = [value for value, _ in one.flatchoices if value]
        likely = [value for value in values if value in ("EUR", "USD")]
        setattr(instance, one.attname, (likely or values)[0])
    return instance


def _clean_on(instance: Model, field: Any, value: Any) -> Any:
    """What full_clean() does to the one field, without looking for the row that a key names."""
    value = _through_descriptor(instance, field, value)
    if field.blank and value in field.empty_values:
        return _plain_file_name(field, value)
    if isinstance(field, ForeignKey):
        # ForeignKey.validate() looks for the row; Field's own rule is about null alone.
        value = field.to_python(value)
        Field.validate(field, value, instance)
        field.run_validators(value)
        return value
    return _plain_file_name(field, field.clean(value, instance))


def native(field: Any, value: Any) -> Any:
    """The value in the field's own type: a range of ours becomes the driver's, inside arrays too."""
    if isinstance(value, RangeValue):
        return field.range_type(value.lower, value.upper, value.bounds)
    if isinstance(value, list) and hasattr(field, "base_field"):
        return [native(field.base_field, item) for item in value]
    return value


def _through_descriptor(instance: Any, field: Any, value: Any) -> Any:
    """The value as reading the attribute gives it: files, money and the like have descriptors."""
    instance.__dict__.pop(field.attname, None)  # some refuse to be changed, not to be set
    setattr(instance, field.attname, value)
    return getattr(instance, field.attname)


def _plain_file_name(field: Any, value: Any) -> Any:
    """The name instead of the file object that belongs to the instance."""
    return value.name if isinstance(field, FileField) and hasattr(value, "name") else value


def _asked(instance: Model) -> tuple[Complaint, ...]:
    try:
        instance.full_clean()
    except ValidationError as error:
        return tuple(_complaints(error))
    except Exception as error:  # clean() is the project's code and may raise anything
        return (Complaint(None, _told(error), CRASHED),)
    try:
        str(instance)
    except Exception as error:  # so is __str__(), which every admin page calls
        return (Complaint(None, f"str() raises {_told(error)}", UNPRINTABLE),)
    return ()


def _crashed(complaints: tuple[Complaint, ...]) -> bool:
    return any(complaint.code in (CRASHED, UNPRINTABLE) for complaint in complaints)


def _complaints(error: ValidationError) -> Iterator[Complaint]:
    if not hasattr(error, "error_dict"):
        yield from (_complaint(None, one) for one in error.error_list)
        return
    for name, errors in error.error_dict.items():
        yield from (_complaint(None if name == NON_FIELD_ERRORS else name, one) for one in errors)


def _complaint(name: str | None, error: ValidationError) -> Complaint:
    return Complaint(name, _said(error), str(error.code or ""))


def _class_name(field: Any) -> str:
    return _class_path(type(field))


def _class_path(cls: type[Any]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _shown(value: object) -> str:
    """The value in a message, also when its class cannot show it."""
    try:
        return repr(value)
    except Exception as error:  # the class is the project's
        return f"a {type(value).__qualname__} (its repr() raises {type(error).__name__})"


def _said(error: ValidationError) -> str:
    """What the error says; its text may show the value, which may not be able to."""
    try:
        return "; ".join(error.messages)
    except Exception as unsaid:  # the value's class is the project's
        return _told(unsaid)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
