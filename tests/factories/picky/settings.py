"""A project whose models refuse what is not just right, in two databases."""

SECRET_KEY = "of a project that lives for one test"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "dbstate", "picky"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
    "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:other?mode=memory"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LANGUAGES = [("ja", "Japanese"), ("el", "Greek"), ("en", "English")]
