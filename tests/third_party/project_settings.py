"""Settings of the project that ``THIRD_PARTY_PROJECT`` names.

``THIRD_PARTY_DATABASE`` is its database as JSON, ``THIRD_PARTY_MEDIA`` a folder for files.
"""

from __future__ import annotations

import json
import os
from importlib import import_module

from projects import PROJECTS

_project = PROJECTS[os.environ["THIRD_PARTY_PROJECT"]]
if _project.settings_from:
    globals().update(
        {name: value for name, value in vars(import_module(_project.settings_from)).items() if name.isupper()}
    )

DEBUG = True
SECRET_KEY = "of a project that lives for one test"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "German"), ("ja", "Japanese")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = 1
DATABASES = {"default": json.loads(os.environ["THIRD_PARTY_DATABASE"])}
MEDIA_ROOT = os.environ["THIRD_PARTY_MEDIA"]
STATIC_URL = "/static/"
ROOT_URLCONF = "project_urls"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.staticfiles",
    *_project.apps,
    *(f"apps_of_ours.{name}" for name in _project.own),
    "dbstate",
]
# They depend on the packages' versions: made for each run, in a folder on the path.
MIGRATION_MODULES = {name: f"made_migrations.{name}" for name in _project.own}
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    *_project.middleware,
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                *_project.context_processors,
            ],
        },
    },
]
globals().update(_project.settings)
