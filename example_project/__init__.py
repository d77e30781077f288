"""A Django project to try dbstate on, and to test it with."""
