"""The Django application."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.apps import AppConfig
from django.core.checks import register
from django.db import connections

from dbstate.asked import use_project
from dbstate.checks import CHECKS, TAG
from dbstate.conf import current_conf


class DbstateConfig(AppConfig):
    """Registers the system checks; remembers which databases the project named at start-up."""

    name = "dbstate"
    verbose_name = "dbstate"

    configured_names: Mapping[str, str] = MappingProxyType({})
    """Database name by alias before a test run changed it: how the guard knows a test database."""

    def ready(self) -> None:
        """Called once by Django, before any test database exists."""
        names = {alias: str(entry.get("NAME") or "") for alias, entry in connections.settings.items()}
        self.configured_names = MappingProxyType(names)
        for check in CHECKS:
            register(check, TAG)
        use_project(_chosen)


def _chosen() -> dict[str, Any]:
    """What values are made with, as the project's settings say."""
    conf = current_conf()
    return {"seed": conf.seed, "locales": conf.locales, "password": conf.password}
