"""Rows that are in the database, read and removed through Django by the catalog's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from types import CodeType
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Model, Q, QuerySet

from dbstate.binding import Binding
from dbstate.catalog import Catalog, Column, ForeignKey

COMBINATIONS = 64
TRIED_ROWS = 3
MOST = 6
"""Choices of a column that are tried."""
DEEP = 3
"""Functions in functions whose code is looked at."""
WIDE = 50
"""Things in one list that a function closes over, looked at."""
CONTENT_TYPE = "contenttypes.contenttype"
_CLEANERS = ("clean", "full_clean", "clean_fields", "validate_unique", "validate_constraints")


@dataclass(slots=True)
class Records:
    """Rows of the tables of one database."""

    catalog: Catalog
    binding: Binding
    using: str
    _types: dict[str, object] = field(default_factory=dict)
    _reads: dict[str, frozenset[str]] = field(default_factory=dict)

    def rows(self, name: str, columns: Sequence[str], *, limit: int) -> list[tuple[Any, ...]]:
        """Python values of these columns in the first rows by primary key."""
        model = self.binding.model(name)
        attributes = [self.binding.field(name, column).attname for column in columns]
        if not attributes:
            return []
        order = [self.binding.field(name, column).attname for column in self.catalog[name].primary_key]
        return list(self._all(model).order_by(*order).values_list(*attributes)[:limit])

    def load(self, name: str, keys: Sequence[tuple[object, ...]]) -> dict[tuple[object, ...], Model]:
        """Instances as Django loads them, by primary key, without a manager's filter."""
        model = self.binding.model(name)
        attributes = [self.binding.field(name, column).attname for column in self.catalog[name].primary_key]
        wanted = Q()
        for key in keys:
            wanted |= Q(**dict(zip(attributes, key, strict=True)))
        if len(attributes) == 1:
            wanted = Q(**{f"{attributes[0]}__in": [key[0] for key in keys]})
        return {
            tuple(getattr(instance, attribute) for attribute in attributes): instance
            for instance in self._all(model).filter(wanted)
        }

    def delete(self, name: str, key: tuple[object, ...]) -> None:
        """Remove one row of one table, and nothing that Django would remove with it."""
        rows = self._all(self.binding.model(name)).filter(**self._where(name, key))
        rows._raw_delete(self.using)

    def content_type(self, name: str) -> object:
        """Primary key of the content type of a table's model; made where it is missing."""
        if name in self._types:
            return self._types[name]
        types = self.binding.model(self.catalog.by_label[CONTENT_TYPE].name)
        meta = self.binding.model(name)._meta
        known, made = self._all(types).get_or_create(app_label=meta.app_label, model=meta.model_name)
        if not made:
            # One that was made just now may go again with the rows that it was made for.
            self._types[name] = known.pk
        return known.pk

    def allowed_keys(self, name: str, key: str, columns: Sequence[str]) -> frozenset[object] | None:
        """Values of these columns in the rows that limit_choices_to admits; None: it admits all."""
        allowed = self.binding.allowed(name, key)
        if allowed is None:
            return None
        target = next(k.target for k in self.catalog[name].foreign_keys if k.name == key)
        attributes = [self.binding.field(target, column).attname for column in columns]
        with transaction.atomic(using=self.using):
            return frozenset(allowed.values_list(*attributes))

    def have_admitted(self, name: str, key: str, made: Sequence[tuple[object, ...]]) -> bool:
        """Change one row of those with these primary keys so that limit_choices_to admits it.

        Booleans and choices are tried in all combinations, up to so many; the database says which
        one is admitted, and full_clean() whether the row may have it. False when there is none.
        """
        foreign = next(k for k in self.catalog[name].foreign_keys if k.name == key)
        target = self.catalog[foreign.target]
        values = {self.binding.field(target.name, c.name).attname: _few(c) for c in target.columns if _few(c)}
        for combination in islice(product(*values.values()), COMBINATIONS):
            for primary in made[:TRIED_ROWS]:
                changes = dict(zip(values, combination, strict=True))
                if self._admits(name, foreign, primary, changes):
                    return True
        return False

    def _admits(self, name: str, foreign: ForeignKey, key: tuple[object, ...], changes: Any) -> bool:
        """Whether the row is admitted, and valid, with these changes; else it is as it was."""
        rows = self._all(self.binding.model(foreign.target)).filter(**self._where(foreign.target, key))
        try:
            with transaction.atomic(using=self.using):
                rows.update(**changes)
                if not self.allowed_keys(name, foreign.name, foreign.target_columns):
                    transaction.set_rollback(True, using=self.using)
                    return False
                if any(self.binding.full_clean_all([*rows])):
                    transaction.set_rollback(True, using=self.using)
                    return False
        except DatabaseError:
            return False  # a constraint refuses the combination: it is one that cannot be had
        return True

    def clean_reads(self, name: str) -> frozenset[str]:
        """Names that the model's own validation code mentions: the fields among them are suspects."""
        if name not in self._reads:
            names: set[str] = set()
            classes = [
                cls
                for cls in self.binding.model(name).__mro__
                if not cls.__module__.startswith("django.db.models")
            ]
            for cls in classes:
                for method in _CLEANERS:
                    names |= _mentioned(cls.__dict__.get(method), DEEP)
            for cls in classes:
                # What validation calls in turn: methods and properties of the model.
                for called in names & cls.__dict__.keys():
                    found = cls.__dict__[called]
                    names |= _mentioned(getattr(found, "fget", None) or found, DEEP)
            self._reads[name] = frozenset(n.removesuffix("_id") for n in names) | names
        return self._reads[name]

    def _all(self, model: type[Model]) -> QuerySet[Model]:
        return QuerySet(model, using=self.using)

    def _where(self, name: str, key: tuple[object, ...]) -> dict[str, object]:
        columns = self.catalog[name].primary_key
        return {
            self.binding.field(name, column).attname: value
            for column, value in zip(columns, key, strict=True)
        }


def _few(column: Column) -> tuple[object, ...]:
    """The values of a column that has few of them; empty for others and for what is not ours to set."""
    if column.generated or not column.editable:
        return ()
    return column.choices[:MOST] or ((True, False) if column.kind == "boolean" else ())


def _mentioned(found: object, depth: int) -> set[str]:
    """Names in the code of a function, and in what it closes over: rules made by other functions."""
    if isinstance(found, str):
        return {found} if found.isidentifier() else set()
    if isinstance(found, list | tuple | set | frozenset):
        return {name for one in [*found][:WIDE] for name in _mentioned(one, depth)}
    code = getattr(found, "__code__", None)
    if not isinstance(code, CodeType) or not depth:
        return set()
    names = _names(code)
    for cell in getattr(found, "__closure__", None) or ():
        try:
            names |= _mentioned(cell.cell_contents, depth - 1)
        except ValueError:  # a cell that is empty yet
            continue
    return names


def _names(code: CodeType) -> set[str]:
    names = {*code.co_names, *(c for c in code.co_consts if isinstance(c, str))}
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            names |= _names(inner)
    return names
