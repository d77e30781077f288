"""Tables that Django or a library fills by itself, where made rows would break it."""

from __future__ import annotations

# Dotted base class -> why its rows are not dbstate's to make.
_BY_BASE = {
    "django.contrib.contenttypes.models.ContentType": "Django makes one row per model when it migrates",
    "django.contrib.auth.models.Permission": "Django makes the rows of each model when it migrates",
    "django.contrib.sessions.base_session.AbstractBaseSession": "sessions are made when people visit",
    "wagtail.models.reference_index.ReferenceIndex": "wagtail keeps this index of other rows up to date",
    "wagtail.search.models.BaseIndexEntry": "wagtail keeps this search index of other rows up to date",
    "wagtail.search.models.IndexEntry": "wagtail keeps this search index of other rows up to date",
}

# Historical models have lost their classes; their labels remain.
_BY_LABEL = {
    "contenttypes.contenttype": _BY_BASE["django.contrib.contenttypes.models.ContentType"],
    "auth.permission": _BY_BASE["django.contrib.auth.models.Permission"],
    "sessions.session": _BY_BASE["django.contrib.sessions.base_session.AbstractBaseSession"],
    "migrations.migration": "Django records there which migrations were applied",
    "wagtailcore.referenceindex": _BY_BASE["wagtail.models.reference_index.ReferenceIndex"],
    "wagtailsearch.indexentry": _BY_BASE["wagtail.search.models.IndexEntry"],
}


def library_reason(label: str, ancestors: tuple[str, ...]) -> str:
    """Why the rows of the model are a library's to make; empty when they are not."""
    by_base = next((_BY_BASE[name] for name in ancestors if name in _BY_BASE), "")
    return by_base or _BY_LABEL.get(label.lower(), "")
