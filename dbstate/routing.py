"""Database routers for a while: queries of code that names no database go to one of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import router
from django.db.models import Model


class ReadsFrom:
    """A database router that lets everything be read from one database."""

    def __init__(self, using: str) -> None:
        self.using = using

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        """Method of a database router."""
        return self.using


class Uses(ReadsFrom):
    """A database router that sends everything to one database."""

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        """Method of a database router."""
        return self.using


@contextmanager
def asked_first(here: ReadsFrom) -> Iterator[None]:
    """Ask this router before all others."""
    router.routers.insert(0, here)
    try:
        yield
    finally:
        router.routers.remove(here)
