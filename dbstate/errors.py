"""The errors that dbstate raises: each says what could not be done, to what, why, and what to do."""

from __future__ import annotations


class DbstateError(Exception):
    """Base of all errors that dbstate raises on purpose; ``exit_code`` is what a command exits with.

    The facts that the message was made of are attributes of the subclasses.
    """

    exit_code = 2


class GuardRefusal(DbstateError):
    """The database is not one that may be written to."""

    exit_code = 3
