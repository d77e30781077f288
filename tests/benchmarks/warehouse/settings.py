"""The example project's database, with the benchmark's app alone."""

from __future__ import annotations

from example_project.settings import *  # noqa: F403  # settings are made of settings

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "dbstate",
    "tests.benchmarks.warehouse",
]
AUTH_USER_MODEL = "auth.User"
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.benchmarks.warehouse"
