"""The way back from a catalog's names to Django's models and fields."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.apps.registry import Apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction
from django.db.models import Field, FileField, ForeignKey, Model, QuerySet
from django.db.models.base import ModelState

from dbstate.catalog import Catalog
from dbstate.errors import DbstateError
from dbstate.routing import ReadsFrom, asked_first
from dbstate.values import RangeValue, ValueRefused

Result = TypeVar("Result")

CRASHED = "crashed"
"""Code of a complaint when validation itself raised something else than ValidationError."""
UNPRINTABLE = "unprintable"
"""Code of a complaint when full_clean() accepts the row and str() of it raises."""


class Refused(ValueRefused):
    """A field, or code of the project behind it, did not take a value.

    ``crashed`` tells an exception of the code from an honest ValidationError.
    """

    def __init__(self, where: str, field_class: str, did: str, reason: str, *, crashed: bool) -> None:
        super().__init__(f"cannot {did} {where} ({field_class}): {reason}", reason, crashed=crashed)
        self.where = where
        self.field_class = field_class


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
    extensions: tuple[str, ...] = ()
    """Of files, where it says which ones it admits: lower case, without dot."""


class Binding:
    """Django's side of a catalog: its models, fields and their rules, for one database."""

    def __init__(self, models: Mapping[str, type[Model]], *, using: str) -> None:
        self._using = using
        self._models = dict(models)
        self._fields: dict[tuple[str, str], Field[Any, Any]] = {
            (table, str(field.column)): field
            for table, model in models.items()
            for field in _local_fields(model)
        }
        self._judged: dict[tuple[str, str], dict[object, object]] = {}
        self._prepared: dict[tuple[str, str], dict[object, object]] = {}

    @property
    def _connection(self) -> Any:
        """The connection of the thread that asks."""
        return connections[self._using]

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

    def judge(self, table_name: str, column_name: str, value: Any) -> Any:
        """``accept``, and whether the field can prepare the value; each plain value is asked about once.

        Nothing stays of what the field does in the database meanwhile. What it prepared is kept for
        ``encode``, unless it needed the database for that.
        """
        where, key = (table_name, column_name), _memo_key(value)
        known = self._judged.setdefault(where, {})
        if key is None or key not in known:
            answer = self._ask(where, value, key)
            if key is None or isinstance(answer, list | dict):
                return _or_raised(answer)
            _remember(known, key, answer)
        return _or_raised(known[key])

    def hold(self, table_name: str, column_name: str, value: Any) -> Any:
        """The value in the field's own type, when it can be written and read again; else Refused.

        No validator is asked: for fields whose own validation fails whatever it is given.
        """
        field = self.field(table_name, column_name)

        def there_and_back() -> Any:
            kept = field.to_python(native(field, value))
            prepared = field.get_db_prep_save(kept, self._connection)
            loaded = self._loaded(field, prepared)
            _through_descriptor(_bare(field.model, self._using), field, loaded)
            return kept

        with _muted(), _Shelter(self._connection):
            return self._guarded(table_name, field, f"keep {_shown(value)} in", there_and_back)

    def convert(self, table_name: str, column_name: str, value: Any) -> Any:
        """The value in the field's own Python type, unjudged; Refused when the field does not know it."""
        field = self.field(table_name, column_name)
        return self._guarded(table_name, field, "convert a value for", lambda: field.to_python(value))

    def encode(self, table_name: str, column_name: str, value: Any) -> Any:
        """What the field hands to the driver for the value; Refused when it cannot."""
        if (table_name, column_name) in self._prepared:
            known = self._prepared[table_name, column_name]
            if (key := _memo_key(value)) in known:
                return known[key]
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

    def full_clean(self, instance: Model, *, constraints: bool = True) -> tuple[Complaint, ...]:
        """What full_clean() has against the instance; nothing that it writes stays.

        Without ``constraints`` it is not asked about those that the database has, too. Errors of the
        connection itself (not of a query inside) are raised.
        """
        if not self._connection.in_atomic_block:
            with transaction.atomic(using=self._using):
                return self.full_clean(instance, constraints=constraints)
        with _muted(), _reading_from(self._using), _Shelter(self._connection):
            return _asked(instance, constraints=constraints)

    def full_clean_all(self, instances: Sequence[Model]) -> list[tuple[Complaint, ...]]:
        """What full_clean() has against each instance, asked in one savepoint.

        Where one's code raises something unexpected, which may leave the transaction unusable, each
        is asked alone.
        """
        found: list[tuple[Complaint, ...]] = []
        with _muted(), _reading_from(self._using), transaction.atomic(using=self._using):
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

    def _ask(self, where: tuple[str, str], value: Any, key: object) -> Any:
        """The cleaned value, or the Refused; what was prepared for it is kept."""
        shelter = _Shelter(self._connection)
        try:
            with _muted(), shelter:
                cleaned = self.accept(*where, value)
                prepared = self.encode(*where, cleaned)
                self._read_again(where, cleaned, prepared)
        except Refused as refused:
            refused.__cause__ = None  # it may be kept: not with all frames that led to it
            return refused
        made = _memo_key(cleaned)
        if made is not None and not shelter.needed and not _is_djangos(self.field(*where)):
            _remember(self._prepared.setdefault(where, {}), made, prepared)
        return cleaned

    def _read_again(self, where: tuple[str, str], value: Any, prepared: Any) -> None:
        """Refused when the field could write the value and then not read it."""
        field = self.field(*where)
        read = lambda: self._loaded(field, prepared)  # noqa: E731 - one expression
        self._guarded(where[0], field, f"read {_shown(value)} again from", read)

    def _loaded(self, field: Any, prepared: Any) -> Any:
        """What comes back of a prepared text, number or document; anything else as it is."""
        load = getattr(field, "from_db_value", None)
        if load is None or not str(field.db_type(self._connection)).startswith(_PLAIN_TYPES):
            return prepared
        stored = prepared
        if hasattr(prepared, "obj"):  # the driver's wrapper of a document
            stored = (getattr(prepared, "dumps", None) or json.dumps)(prepared.obj)
        return load(stored, field.get_col(field.model._meta.db_table), self._connection)

    def _clean(self, field: Any, value: Any) -> Any:
        """The cleaned value; where that fails on a bare instance, once more on ones with more in them.

        A descriptor may want __init__ or a sibling column, as those of money and of images do.
        """
        try:
            return _clean_on(_bare(field.model, self._using), field, value)
        except ValidationError as error:
            if _is_djangos(field):
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


def _is_djangos(field: Any) -> bool:
    return type(field).__module__.startswith("django.")


def _local_fields(model: Any) -> Iterator[Any]:
    return (field for field in model._meta.local_concrete_fields if field.column)


REMEMBERED = 10_000
"""Values of a column that are remembered with what became of them."""
_PLAIN_TYPES = ("varchar", "text", "char", "json", "integer", "bigint", "smallint")
"""SQL types of which a field gets back, as text or number, what it gave."""
_KEYS = (str, bytes, int, float, bool)


def _memo_key(value: object) -> object | None:
    """What tells a plain value from all others; None for one that is not plain."""
    return (type(value), value) if type(value) in _KEYS else None


def _remember(known: dict[object, object], key: object, value: object) -> None:
    if len(known) >= REMEMBERED:
        known.clear()
    known[key] = value


def _or_raised(answer: Any) -> Any:
    if isinstance(answer, Refused):
        raise answer.with_traceback(None)
    return answer


class _Shelter:
    """Takes back what code does in the database, and lets none of its failures spoil the transaction.

    A savepoint is made only where a query is made; ``needed`` tells.
    """

    def __init__(self, connection: Any) -> None:
        self.needed = False
        self._connection = connection
        self._savepoint: str | None = None
        self._spoilt = connection.needs_rollback

    def __enter__(self) -> None:
        self._hook = self._connection.execute_wrapper(self._before)
        self._hook.__enter__()

    def __exit__(self, *failure: object) -> None:
        self._hook.__exit__(*failure)
        if self._connection.in_atomic_block:
            self._connection.needs_rollback = self._spoilt
        if self._savepoint is not None:
            self._connection.savepoint_rollback(self._savepoint)
            self._connection.savepoint_commit(self._savepoint)  # which forgets it

    def _before(self, execute: Callable[..., Any], *args: Any) -> Any:
        if not self.needed:
            self.needed = True
            if self._connection.in_atomic_block:
                self._savepoint = self._connection.savepoint()
        return execute(*args)


@contextmanager
def _reading_from(using: str) -> Iterator[None]:
    """Let the queries of full_clean(), which name no database, go to the one that the rows are in."""
    if using == DEFAULT_DB_ALIAS and not router.routers:
        yield
        return
    with asked_first(ReadsFrom(using)):
        yield


@contextmanager
def _muted() -> Iterator[None]:
    """No logging: what a library reports of a candidate is no news to anybody."""
    before = logging.root.manager.disable
    if before >= logging.CRITICAL:
        yield
        return
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


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


def _asked(
    instance: Model, *, constraints: bool = True, exclude: frozenset[str] = frozenset()
) -> tuple[Complaint, ...]:
    left_out: dict[str, Any] = {"exclude": set(exclude)} if exclude else {}
    if not constraints:
        left_out |= {"validate_unique": False, "validate_constraints": False}
    try:
        instance.full_clean(**left_out)
    except ValidationError as error:
        return tuple(complaints_of(error))
    except Exception as error:  # clean() is the project's code and may raise anything
        locked = frozenset() if exclude else _locked(instance)
        return _asked(instance, constraints=constraints, exclude=locked) if locked else (crash_of(error),)
    try:
        str(instance)
    except Exception as error:  # so is __str__(), which every admin page calls
        return (Complaint(None, f"str() raises {_told(error)}", UNPRINTABLE),)
    return ()


def _locked(instance: Model) -> frozenset[str]:
    """Fields that take nothing once they hold a value, not even that: clean_fields() fails on any row then.

    State machines have such fields.
    """
    found = set()
    for field in instance._meta.concrete_fields:
        try:
            setattr(instance, field.attname, getattr(instance, field.attname))
        except Exception:  # the descriptor is the project's
            found.add(field.name)
    return frozenset(found)


def crash_of(error: Exception) -> Complaint:
    """That the project's code raised something else than a ValidationError."""
    return Complaint(None, _told(error), CRASHED)


def _crashed(complaints: tuple[Complaint, ...]) -> bool:
    return any(complaint.code in (CRASHED, UNPRINTABLE) for complaint in complaints)


def complaints_of(error: ValidationError) -> Iterator[Complaint]:
    """What the error says, field by field."""
    if not hasattr(error, "error_dict"):
        yield from (_complaint(None, one) for one in error.error_list)
        return
    for name, errors in error.error_dict.items():
        yield from (_complaint(None if name == NON_FIELD_ERRORS else name, one) for one in errors)


def _complaint(name: str | None, error: ValidationError) -> Complaint:
    return Complaint(name, _said(error), str(error.code or ""), _extensions(error))


def _extensions(error: ValidationError) -> tuple[str, ...]:
    """What Django's own check of a file's name says that it admits."""
    named = (getattr(error, "params", None) or {}).get("allowed_extensions", ())
    listed = named.split(",") if isinstance(named, str) else named
    return tuple(str(one).strip().lower() for one in listed)


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
