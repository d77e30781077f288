"""Django system checks: what is wrong with the set-up before any command runs."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from dbstate.conf import SETTING, Problem, find_problems, read_conf

TAG = "dbstate"


def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001 unknown key, E002 value of a wrong kind, E003 no dict."""
    return [_message(problem) for problem in find_problems(getattr(settings, SETTING, {}))]


def _message(problem: Problem) -> CheckMessage:
    number = "E001" if problem.unknown else "E002" if problem.key else "E003"
    return Error(problem.message, hint=problem.hint, id=f"dbstate.{number}")


def check_locales(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E004: a locale of the settings that made text cannot be drawn from."""
    raw = getattr(settings, SETTING, {})
    if find_problems(raw):
        return []  # E001 to E003 say so
    errors = (_locale_error(name) for name in read_conf(settings).locales)
    return [error for error in errors if error]


def _locale_error(name: str) -> CheckMessage | None:
    # Loaded here: most projects name none, and every command of a project loads this module.
    from dbstate.values import UnknownLocale, resolve_locales

    try:
        resolve_locales((name,))
    except UnknownLocale as error:
        found, _, hint = str(error).partition("; ")
        return Error(f"settings.{SETTING}['LOCALES']: {found}.", hint=hint, id="dbstate.E004")
    return None


def check_driver(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W001: PostgreSQL is reached through psycopg2, while dbstate needs psycopg 3.

    A warning, because the project itself works; an error would stop its other commands.
    """
    aliases = [alias for alias in connections if _vendor(alias) == "postgresql"]
    if not aliases or importlib.util.find_spec("psycopg") is not None:
        return []
    return [
        Warning(
            f"dbstate cannot work on {', '.join(aliases)}: psycopg 3 is not installed.",
            hint='Install the extra: pip install "dbstate[postgres]" (Django then uses psycopg 3 as well).',
            id="dbstate.W001",
        )
    ]


def _vendor(alias: str) -> str:
    try:
        return str(connections[alias].vendor)
    except ImproperlyConfigured:  # no driver at all, or no such backend: Django says so itself
        return ""


CHECKS = (check_settings, check_locales, check_driver)
"""All checks, registered by the application."""
