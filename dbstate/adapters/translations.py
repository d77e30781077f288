"""Libraries that keep a row's texts in a table of translations, and give them with the row.

Keyed by dotted base class, so that no library is imported. Their ``save()`` reads the texts of the
language that is active, as URLs and slugs are made of these: a row without a translation fails there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

Translated = tuple[tuple[type[Any], tuple[str, ...]], ...]
"""Models of translations, each with the names of its fields that the translated model takes."""


def _parler(model: Any) -> Translated:
    """What django-parler takes as arguments of the model, and saves with it."""
    return tuple(
        (meta.model, tuple(meta.get_translated_fields(include_m2m=False)))
        for meta in model._parler_meta or ()
    )


TRANSLATIONS: Mapping[str, Callable[[Any], Translated]] = MappingProxyType(
    {"parler.models.TranslatableModelMixin": _parler}
)
"""What finds the translations, by dotted base class."""


def translated_fields(model: type[Any], ancestors: Sequence[str]) -> Translated:
    """Fields that instances of the model take and a table of translations keeps; () for most models."""
    for dotted in ancestors:
        if dotted in TRANSLATIONS:
            return TRANSLATIONS[dotted](model)
    return ()
