"""Whether the rows of a database are right: asked of Django and of the database, not of dbstate."""

from __future__ import annotations

import importlib
import traceback
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connections, models, transaction

SHOWN = 3
"""Rows whose messages are shown per model and kind of problem."""


@dataclass(slots=True)
class Verdict:
    """What was found in one model's table."""

    label: str
    rows: int = 0
    refused: int = 0
    """Rows that full_clean() refuses."""
    problems: list[str] = field(default_factory=list)


def check_database(
    model_classes: Iterable[type[models.Model]],
    using: str = "default",
    *,
    may_be_empty: Collection[str] = (),
    greatest: int | None = None,
) -> list[str]:
    """All that is wrong with the rows of these models, one line each; empty when all is well.

    ``may_be_empty`` has labels (``app.Model``) whose tables need no rows; ``greatest`` bounds how
    many rows of a table are cleaned.
    """
    problems = constraint_problems(using)
    for model in model_classes:
        verdict = judge_model(model, using, greatest=greatest)
        problems += verdict.problems
        if not verdict.rows and verdict.label not in may_be_empty:
            problems.append(f"{verdict.label}: no rows")
    return problems


def judge_model(model: type[models.Model], using: str = "default", *, greatest: int | None = None) -> Verdict:
    """Count, clean and follow the rows of one model, and try to add another."""
    verdict = Verdict(model._meta.label)
    rows = list(_rows(model, using)[:greatest])
    verdict.rows = len(rows) if greatest is None else _rows(model, using).count()
    said: Counter[str] = Counter()
    for row in rows:
        message = refusal_of(row)
        if message:
            verdict.refused += 1
            said[message] += 1
    verdict.problems += [f"{verdict.label}: {n} x full_clean: {text}" for text, n in said.most_common(SHOWN)]
    verdict.problems += dangling_generic_keys(model, rows, using)
    verdict.problems += tree_problems(model, using)
    verdict.problems += sequence_problems(model, using)
    if rows:
        verdict.problems += insert_problems(model, rows[0], using)
    return verdict


def _rows(model: type[models.Model], using: str) -> models.QuerySet[Any]:
    """All rows, also those that a default manager hides, in a stable order."""
    return model._base_manager.using(using).order_by("pk")


def refusal_of(row: models.Model) -> str:
    """Why full_clean() refuses a row, or an empty string; its errors of other kinds count too."""
    try:
        row.full_clean()
    except ValidationError as refused:
        return "; ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in _messages(refused))
    except Exception as error:  # a model's own clean() may raise anything
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({where.name}:{where.lineno})"
    return ""


def _messages(refused: ValidationError) -> Iterator[tuple[str, list[str]]]:
    yield from (
        sorted(refused.message_dict.items()) if hasattr(refused, "error_dict") else [("", refused.messages)]
    )


def constraint_problems(using: str) -> list[str]:
    """What deferred constraints say when they are asked at once."""
    connection = connections[using]
    try:
        if connection.in_atomic_block:
            with transaction.atomic(using=using):
                connection.check_constraints()
        else:
            connection.check_constraints()
    except DatabaseError as error:
        return [f"constraints: {str(error).strip()}"]
    return []


# ------------------------------------------------------------------------------------ generic keys


def dangling_generic_keys(model: type[models.Model], rows: Iterable[Any], using: str) -> list[str]:
    """Generic keys of these rows that name no row."""
    keys = [made for made in model._meta.private_fields if isinstance(made, GenericForeignKey)]
    keys = [key for key in keys if key.model is model or key.model._meta.abstract]
    return [
        f"{model._meta.label}: row {row.pk}: {key.name} {problem}"
        for key in keys
        for row, problem in _dangling(model, key, rows, using)
    ][:SHOWN]


def _dangling(
    model: type[models.Model], key: GenericForeignKey, rows: Iterable[Any], using: str
) -> Iterator[tuple[Any, str]]:
    type_column = model._meta.get_field(key.ct_field).attname
    for row in rows:
        type_id, object_id = getattr(row, type_column), getattr(row, key.fk_field)
        if type_id is None and object_id in (None, ""):
            continue
        if type_id is None or object_id in (None, ""):
            yield row, f"has only one half: type {type_id!r}, object {object_id!r}"
            continue
        kind = ContentType.objects.using(using).filter(pk=type_id).first()
        target = kind and kind.model_class()
        if target is None:
            yield row, f"names a content type without a model: {kind or type_id}"
        elif not _exists(target, object_id, using):
            yield row, f"names {target._meta.label} {object_id!r}, which is not there"


def _exists(target: type[models.Model], object_id: Any, using: str) -> bool:
    try:
        return target._base_manager.using(using).filter(pk=object_id).exists()
    except (ValueError, TypeError, ValidationError):
        return False


# ------------------------------------------------------------------------------------------- trees


def _class(dotted: str) -> type | None:
    """A class of a library that may not be installed."""
    module, _, name = dotted.rpartition(".")
    try:
        found: type = getattr(importlib.import_module(module), name)
    except (ImportError, RuntimeError):
        return None
    return found


@dataclass(frozen=True, slots=True)
class Interval:
    """A row of a nested set; ``depth`` counts from zero."""

    key: Any
    tree: Any
    left: int
    right: int
    depth: int


def tree_problems(model: type[models.Model], using: str) -> list[str]:
    """What is inconsistent in a tree of django-treebeard or django-mptt."""
    nested, path = _class("treebeard.ns_tree.NS_Node"), _class("treebeard.mp_tree.MP_Node")
    mptt = _class("mptt.models.MPTTModel")
    found: list[str] = []
    if path and issubclass(model, path):
        # On the manager since treebeard 7; on the class before.
        tree: Any = model
        find = getattr(model._default_manager, "find_problems", None) or tree.find_problems
        problems = find()
        found = [f"find_problems: {problems}"] if any(problems) else []
    elif nested and issubclass(model, nested):
        rows = [Interval(r.pk, r.tree_id, r.lft, r.rgt, r.depth - 1) for r in _rows(model, using)]
        found, _ = _nested(rows)
    elif mptt and issubclass(model, mptt):
        found = _mptt_problems(model, using)
    return [f"{model._meta.label}: tree: {text}" for text in found[:SHOWN]]


def _mptt_problems(model: Any, using: str) -> list[str]:
    names = model._mptt_meta
    parent = model._meta.get_field(names.parent_attr).attname
    attributes = (names.tree_id_attr, names.left_attr, names.right_attr, names.level_attr)
    # A tree lives in the table of the class that declares it, for all classes that inherit from it.
    rows = list(_rows(model._tree_manager.tree_model, using))
    found, parents = _nested([Interval(r.pk, *(getattr(r, name) for name in attributes)) for r in rows])
    return found + [
        f"row {row.pk}: inside {parents[row.pk]}, its parent is {getattr(row, parent)}"
        for row in rows
        if parents[row.pk] != getattr(row, parent)
    ]


def _nested(rows: Iterable[Interval]) -> tuple[list[str], dict[Any, Any]]:
    """What is wrong with these intervals, and the key of the row around each (None: a root)."""
    found: list[str] = []
    parents: dict[Any, Any] = {}
    around: list[Interval] = []
    ends: dict[Any, list[int]] = {}
    for row in sorted(rows, key=lambda row: (row.tree, row.left)):
        ends.setdefault(row.tree, []).extend((row.left, row.right))
        while around and (around[-1].tree != row.tree or around[-1].right < row.left):
            around.pop()
        parents[row.key] = around[-1].key if around else None
        if row.left >= row.right or (around and row.right > around[-1].right):
            found.append(f"row {row.key}: [{row.left}, {row.right}] overlaps what is around it")
        if row.depth != len(around):
            found.append(f"row {row.key}: its depth is {row.depth} below {len(around)} rows")
        around.append(row)
    for tree, numbers in ends.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            found.append(f"tree {tree}: its numbers are not 1 to {len(numbers)}, each once")
    return found, parents


# ------------------------------------------------------------------------------------ plain inserts


def sequence_problems(model: type[models.Model], using: str) -> list[str]:
    """Sequences whose next value is not above what the table holds."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return []
    problems = []
    for made in model._meta.local_fields:
        if not isinstance(made, models.AutoField):
            continue
        table, column = model._meta.db_table, made.column
        quote = connection.ops.quote_name
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [quote(table), column])
            (sequence,) = cursor.fetchone()
            if sequence is None:
                continue
            cursor.execute(f"SELECT last_value + is_called::int FROM {sequence}")
            (following,) = cursor.fetchone()
            cursor.execute(f"SELECT max({quote(column)}) FROM {quote(table)}")
            (greatest,) = cursor.fetchone()
        if greatest is not None and following <= greatest:
            problems.append(
                f"{model._meta.label}: the sequence of {column} gives {following}, the table has {greatest}"
            )
    return problems


def insert_problems(model: type[models.Model], row: models.Model, using: str) -> list[str]:
    """Whether a copy of a row goes in by itself, where nothing but the key must be unique."""
    if not _can_be_copied(model):
        return []
    copy = model._base_manager.using(using).get(pk=row.pk)
    copy.pk = None
    try:
        with transaction.atomic(using=using):
            model._base_manager.using(using).bulk_create([copy])
            transaction.set_rollback(True, using=using)
    except DatabaseError as error:
        return [f"{model._meta.label}: a plain insert fails: {str(error).strip()}"]
    return []


def _can_be_copied(model: type[models.Model]) -> bool:
    meta = model._meta
    free = isinstance(meta.pk, models.AutoField) and not meta.parents and not meta.unique_together
    tied = any(not isinstance(rule, models.CheckConstraint) for rule in meta.constraints)
    return free and not tied and not any(made.unique for made in meta.local_fields if not made.primary_key)
