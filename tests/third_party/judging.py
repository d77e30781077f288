"""Judge all rows of the project in whose process this runs; knows nothing of dbstate.

``judging.py mark FILE`` writes which rows there are; ``judging.py judge FILE`` prints what is wrong
with those that came after, as JSON: models without rows, and one line per kind of problem.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models.query import QuerySet

Model = type[models.Model]
Marks = dict[str, dict[str, str]]
FILLED_BY_DJANGO = frozenset({"auth.Permission", "contenttypes.ContentType", "sessions.Session"})


def tables() -> list[Model]:
    """Concrete managed models, those of many-to-many fields too."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
    ]


def plain(model: Model) -> QuerySet[Any]:
    """Rows past every manager of the model's own."""
    return QuerySet(model)


def marks_of(model: Model) -> dict[str, str]:
    """Primary key to a hash of the row, both as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "{model._meta.pk.column}"::text, md5(t::text) FROM "{model._meta.db_table}" AS t'
        )
        return dict(cursor.fetchall())


def bases(kind: type) -> set[str]:
    """Dotted names of a class and its ancestors: no package need be importable to be known."""
    return {f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__}


def attempt(act: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """What it returned, what it raised; whatever it wrote is undone."""
    from dbstate.adapters import unscoped

    try:
        with unscoped(), transaction.atomic():
            try:
                return act(), None
            finally:
                transaction.set_rollback(True)
    except Exception as error:
        return None, error


def cleaning(model: Model, old: dict[str, str]) -> Iterator[str]:
    """Rows that full_clean() or str() refuses."""
    for key in plain(model).order_by("pk").values_list("pk", flat=True):
        if str(key) in old:
            continue
        row, error = attempt(lambda key=key: model._base_manager.get(pk=key))
        if error is None:
            _, error = attempt(row.full_clean)
        if isinstance(error, ValidationError):
            kinds = error.error_dict if hasattr(error, "error_dict") else {"__all__": error.error_list}
            for name, errors in kinds.items():
                yield from (f"full_clean: {name}: {single.message}" for single in errors)
        elif error is not None:
            yield f"full_clean: {type(error).__name__}: {error}"
        else:
            _, error = attempt(lambda row=row: str(row))
            if error is not None:
                yield f"str: {type(error).__name__}: {error}"


def changing(model: Model, old: dict[str, str]) -> Iterator[str]:
    """Rows that were there before and are not the same now."""
    now = marks_of(model)
    yield from ("a row of others was changed" for key, mark in old.items() if now.get(key) != mark)


def generic_keys(model: Model) -> Iterator[str]:
    """Generic keys that name no row."""
    for key in model._meta.private_fields:
        if "django.contrib.contenttypes.fields.GenericForeignKey" not in bases(type(key)):
            continue
        type_name = model._meta.get_field(key.ct_field).attname
        for row in plain(model):
            if getattr(row, type_name) is None or getattr(row, key.fk_field) in (None, ""):
                continue
            target, _ = attempt(lambda row=row, key=key: getattr(row, key.name))
            if target is None:
                yield f"generic key {key.name} resolves to nothing"


def mptt_tree(model: Model) -> Iterator[str]:
    """Nested sets that contradict the parents."""
    names = model._mptt_meta
    parent = model._meta.get_field(names.parent_attr).attname
    rows = {row.pk: row for row in plain(model)}
    children: dict[Any, list[Any]] = defaultdict(list)
    for row in rows.values():
        children[getattr(row, parent)].append(row)

    def span(row: Any) -> tuple[int, int, int]:
        return tuple(getattr(row, getattr(names, f"{part}_attr")) for part in ("tree_id", "left", "right"))

    def size(row: Any) -> int:
        return 1 + sum(map(size, children[row.pk]))

    if max(Counter(span(root)[0] for root in children[None]).values(), default=0) > 1:
        yield "two roots in one tree"
    for row in rows.values():
        above = rows.get(getattr(row, parent))
        tree, left, right = span(row)
        if getattr(row, names.level_attr) != (0 if above is None else getattr(above, names.level_attr) + 1):
            yield "a wrong level"
        if right != left + 2 * size(row) - 1:
            yield "left and right do not span the descendants"
        if above is not None:
            tree_above, left_above, right_above = span(above)
            if not (tree == tree_above and left_above < left < right < right_above):
                yield "a child outside of its parent"


def treebeard_tree(model: Model) -> Iterator[str]:
    """What the library itself finds wrong."""
    owner = model.objects if hasattr(model.objects, "find_problems") else model
    found, error = attempt(owner.find_problems)
    if error is not None:
        yield f"find_problems: {type(error).__name__}: {error}"
    else:
        yield from (f"find_problems, list {number}" for number, rows in enumerate(found) for _ in rows)


def parents_tree(model: Model) -> Iterator[str]:
    """Rows that are among their own ancestors."""
    parents = dict(plain(model).values_list("pk", "parent_id"))
    for key in parents:
        seen, at = set(), key
        while at is not None and at not in seen:
            seen.add(at)
            at = parents.get(at)
        if at is not None:
            yield "a row is its own ancestor"


TREES: dict[str, Callable[[Model], Iterator[str]]] = {
    "mptt.models.MPTTModel": mptt_tree,
    "treebeard.mp_tree.MP_Node": treebeard_tree,
    "treebeard.ns_tree.NS_Node": treebeard_tree,
    "treebeard.al_tree.AL_Node": parents_tree,
}


def trees(model: Model) -> Iterator[str]:
    for base, judge in TREES.items():
        if base in bases(model):
            yield from (f"tree: {problem}" for problem in judge(model))


def page_paths(model: Model) -> Iterator[str]:
    """Pages of wagtail whose ``url_path`` is not that of the page above and their slug."""
    if not {"wagtail.models.Page", "wagtail.models.pages.Page"} & bases(model):
        return
    if "url_path" not in {field.name for field in model._meta.local_fields}:
        return
    pages = {page.path: page for page in plain(model)}
    for path, page in pages.items():
        above = pages.get(path[: -page.steplen])
        if page.url_path != (f"{above.url_path}{page.slug}/" if above else "/"):
            yield "url_path does not follow from the page above"


def polymorphism(model: Model) -> Iterator[str]:
    """Rows that come back as another class than the one whose table holds them."""
    if "polymorphic.models.PolymorphicModel" not in bases(model):
        return
    classes = dict.fromkeys(plain(model).values_list("pk", flat=True), model)
    for child in apps.get_models():
        if issubclass(child, model):
            for key in plain(child).values_list("pk", flat=True):
                if issubclass(child, classes[key]):
                    classes[key] = child
    rows, error = attempt(lambda: list(model._default_manager.all()))
    if error is not None:
        yield f"polymorphic query: {type(error).__name__}: {error}"
    elif {row.pk: type(row) for row in rows} != classes:
        yield "polymorphic rows of another class"


def sequences(model: Model) -> Iterator[str]:
    """Whether the next plain insert would take a key that is taken."""
    key = model._meta.pk
    if not isinstance(key, models.AutoField):
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{model._meta.db_table}"', key.column])
        cursor.execute(f"SELECT last_value, is_called FROM {cursor.fetchone()[0]}")
        last, called = cursor.fetchone()
    greatest = plain(model).aggregate(models.Max("pk"))["pk__max"] or 0
    if last + called <= greatest:
        yield "the sequence is behind the keys"


def judge(before: Marks) -> dict[str, Any]:
    problems: Counter[tuple[str, str]] = Counter()
    for model in tables():
        old = before[model._meta.label]
        for found in (
            cleaning(model, old),
            changing(model, old),
            *(check(model) for check in (generic_keys, trees, page_paths, polymorphism)),
            *([sequences(model)] if plain(model).count() > len(old) else []),
        ):
            problems.update((model._meta.label, problem) for problem in found)
    return {
        "rows": {model._meta.label: plain(model).count() for model in tables()},
        "empty": [
            model._meta.label
            for model in tables()
            if model._meta.label not in FILLED_BY_DJANGO and not plain(model).exists()
        ],
        "problems": [[label, f"{problem} ({count} x)"] for (label, problem), count in problems.items()],
    }


def main(what: str, file: str) -> None:
    django.setup()
    if what == "mark":
        Path(file).write_text(json.dumps({model._meta.label: marks_of(model) for model in tables()}))
    else:
        json.dump(judge(json.loads(Path(file).read_text())), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
