"""Columns that a library computes from where a row stands in its tree, when the row is saved.

Keyed by dotted base class, so that no library is imported unless a project uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.db.models import Model, QuerySet

CHUNK = 2_000


def write_paths(model: type[Model], ancestors: Iterable[str], keys: Sequence[object], using: str) -> bool:
    """Have the library compute these columns in the rows with these primary keys.

    Answers whether the model's own table keeps any. Rows are loaded and written back past ``save()``.
    """
    for dotted in ancestors:
        if dotted in PATHS:
            column, write = PATHS[dotted]
            if any(field.name == column for field in model._meta.local_concrete_fields):
                write(model, keys, using)
                return True
    return False


def _wagtail_url_paths(model: type[Any], keys: Sequence[object], using: str) -> None:
    """``url_path``: that of the page above, and the page's slug."""
    rows: QuerySet[Any] = QuerySet(model, using=using)
    found: dict[str, Any] = {}
    for start in range(0, len(keys), CHUNK):
        for page in rows.filter(pk__in=keys[start : start + CHUNK]):
            found[page.path] = page
    for path in sorted(found):  # a page stands before those below it
        page = found[path]
        above = path[: -page.steplen]
        parent = found.get(above) or (rows.filter(path=above).first() if above else None)
        page.set_url_path(parent)
    rows.bulk_update(found.values(), ["url_path"], batch_size=CHUNK)


PATHS: Mapping[str, tuple[str, Callable[[type[Any], Sequence[object], str], None]]] = MappingProxyType(
    {
        "wagtail.models.Page": ("url_path", _wagtail_url_paths),
        "wagtail.models.pages.Page": ("url_path", _wagtail_url_paths),
    }
)
"""By dotted base class: a field of the table that keeps such a column, and what computes it."""
