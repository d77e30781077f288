"""Settings of the example project: ``DATABASE_URL`` if it is set, else the embedded PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url

from dbstate import embedded

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "of an example that is never deployed"
DEBUG = True
ALLOWED_HOSTS = ["*"]

if url := os.environ.get("DATABASE_URL"):
    DATABASES = {"default": dj_database_url.parse(url)}
else:
    DATABASES = {"default": embedded.database(BASE_DIR)}
ON_POSTGRES = DATABASES["default"]["ENGINE"] in {"dbstate.embedded", "django.db.backends.postgresql"}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "dbstate",
    "example_project.shop",
    "example_project.zoo",
]
if ON_POSTGRES:
    INSTALLED_APPS += ["django.contrib.postgres", "example_project.zoo_postgres"]

AUTH_USER_MODEL = "shop.User"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
            ],
        },
    },
]

ROOT_URLCONF = "example_project.urls"
WSGI_APPLICATION = "example_project.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
MEDIA_ROOT = BASE_DIR / ".media"
ZOO_MASCOT_MODEL = "zoo.RealMascot"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
