"""The base of all commands: shared options, and every error to its exit code.

0 clean, 1 findings, 2 could not do it, 3 refused by the guard, 130 interrupted, 143 terminated. Django itself
exits with 1 for its own errors and for failed system checks; here these are 2.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from django.core.checks import Tags
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    SystemCheckError,
    handle_default_options,
)
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends import GaveUp, Unreachable
from dbstate.checks import TAG
from dbstate.conf import current_conf
from dbstate.errors import DbstateError
from dbstate.guard import Purpose, Verdict, verdict
from dbstate.management.options import SHARED, Options, UsageError, add_shared, read_options
from dbstate.management.output import write_file

CLEAN, FINDINGS, FAILED, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


class Findings(CommandError):
    """The command did its work and has something to report; the report is already written."""

    def __init__(self) -> None:
        super().__init__("there are findings; see the result", returncode=FINDINGS)


class DbstateCommand(BaseCommand):
    """A command that says what it shares in class attributes, and does its work in ``run``."""

    shared: ClassVar[tuple[str, ...]] = tuple(SHARED)
    """Names of the shared options that the command has."""
    formats: ClassVar[tuple[str, ...]] = ("text", "json")
    takes_labels: ClassVar[bool] = True
    """Whether ``app_label`` and ``app.Model`` arguments are taken."""
    interrupted: str = "interrupted; nothing was written"
    requires_system_checks = (Tags.models, TAG)
    """What the work rests on; addresses, templates and the admin may be broken: no command uses them."""

    def run(self, options: Options, given: Mapping[str, Any]) -> int:
        """Do the work; return CLEAN or FINDINGS, raise DbstateError when it cannot be done.

        ``given`` holds every option by its name, the command's own too; labels are ``given["labels"]``.
        """
        raise NotImplementedError

    # -- what a command works with -------------------------------------------------------------

    def connect(self, options: Options) -> BaseDatabaseWrapper:
        """The open connection that was asked for. Raises Unreachable or UsageError."""
        connection = connections[options.database]
        try:
            connection.ensure_connection()
        except ImproperlyConfigured as error:
            what = f"database {options.database!r}"
            raise UsageError(what, str(error), "correct settings.DATABASES") from error
        except OperationalError as error:
            raise _failure(options.database, error) from error
        return connection

    def permit(self, connection: BaseDatabaseWrapper, options: Options, *, purpose: Purpose) -> Verdict:
        """The guard's verdict, after asking a person where that can help. Raises guard.Refused."""
        found = self.judge(connection, options, purpose=purpose)
        if not found.allowed and found.can_be_permitted and options.interactive and sys.stdin.isatty():
            self.note(options, f"{found.refusal()}\n", level=0)
            self.stderr.write(f"Or type the database's name ({found.name}) to go on: ", str, "")
            self.stderr.flush()
            found = found.with_typed(sys.stdin.readline().rstrip("\n"))
        if not found.allowed:
            raise found.refusal()
        return found

    def judge(self, connection: BaseDatabaseWrapper, options: Options, *, purpose: Purpose) -> Verdict:
        """The guard's verdict; asks nobody and refuses nothing."""
        found = verdict(
            connection,
            conf=current_conf(),
            purpose=purpose,
            note=lambda text: self.note(options, text),
        )
        if options.settings and found.permit_line:
            return replace(found, permit_line=f"{found.permit_line} --settings {options.settings}")
        return found

    def emit(self, options: Options, text: str) -> None:
        """Write the result: to ``--output``, else to standard output."""
        if options.output is None:
            self.stdout.write(text, ending="" if text.endswith("\n") else "\n")
            self.stdout.flush()
            return
        try:
            write_file(options.output, text)
        except OSError as error:
            raise UsageError(f"--output {options.output}", str(error), "choose another place") from error

    def note(self, options: Options, text: str, *, level: int = 1) -> None:
        """Say something on standard error from this verbosity on."""
        if options.verbosity >= level:
            self.stderr.write(text, str)

    # -- what Django calls ---------------------------------------------------------------------

    def get_version(self) -> str:
        """Method of BaseCommand: the answer to ``--version``."""
        try:
            return version("dbstate")
        except PackageNotFoundError:
            return "unknown: dbstate is not installed, only on the path"

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Method of BaseCommand; makes ``call_command`` raise with the code of a wrong usage, too."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        if not self._called_from_command_line:
            parser.error = _raise_usage  # type: ignore[method-assign]  # of this parser alone
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Method of BaseCommand; commands with options of their own call it first."""
        if self.takes_labels:
            parser.add_argument(
                "args", nargs="*", metavar="app_label | app.Model", help="Only these (default: all)."
            )
        add_shared(parser, self.shared, formats=self.formats)

    def handle(self, *labels: str, **given: Any) -> None:
        """Method of BaseCommand."""
        options = read_options(given, formats=self.formats, on_terminal=self.stdout.isatty())
        if self.run(options, {**given, "labels": labels}) == FINDINGS:
            raise Findings

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Method of BaseCommand, also behind ``call_command``; every known error carries its exit code."""
        try:
            return super().execute(*args, **options)
        except DbstateError as error:
            raise CommandError(str(error), returncode=error.exit_code) from error
        except OperationalError as error:
            # System checks of newer Djangos connect before the command does; and a server may go, or
            # run out of disk, locks or time.
            failure = _failure(str(options.get("database") or "default"), error)
            raise CommandError(str(failure), returncode=FAILED) from error
        except CommandError as error:
            if not isinstance(error, Findings) and error.returncode == FINDINGS:
                error.returncode = FAILED  # Django's default for whatever goes wrong
            raise

    def run_from_argv(self, argv: list[str]) -> None:
        """Method of BaseCommand; leaves through SystemExit for every code but 0."""
        self._called_from_command_line = True
        parsed = self.create_parser(argv[0], argv[1]).parse_args(argv[2:])
        options = vars(parsed)
        labels = options.pop("args", ())
        handle_default_options(parsed)
        code = CLEAN
        try:
            with _ending_in_order():
                self.execute(*labels, **options)
        except (Exception, KeyboardInterrupt) as error:
            code = self._report(argv[1], error, full=parsed.traceback)
        finally:
            _close_connections()
        if code != CLEAN:
            sys.exit(code)

    def _report(self, name: str, error: BaseException, *, full: bool) -> int:
        """Say on standard error what went wrong; the exit code."""
        if full and not isinstance(error, Findings):
            self.stderr.write("".join(traceback.format_exception(error)), str)
        if isinstance(error, BrokenPipeError):
            _forget_stdout()
        if isinstance(error, SystemCheckError):
            self.stderr.write(str(error), str)
        elif not isinstance(error, Findings):
            self.stderr.write(f"{name}: {self._describe(error)}")
        return _exit_code(error)

    def _describe(self, error: BaseException) -> str:
        if isinstance(error, KeyboardInterrupt):
            return self.interrupted
        if isinstance(error, BrokenPipeError):
            return "cannot write the result: whoever was reading it has gone"
        if isinstance(error, CommandError):
            return str(error)
        what = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return (
            f"unexpected {what} (at {_place_of(error)}); run it again with --traceback to see the whole way"
        )


class Terminated(KeyboardInterrupt):
    """The process was told to end (SIGTERM), as by a pipeline that is cancelled or has run out of time."""


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Have a request to end undo what is under way, as an interruption does."""

    def end(number: int, frame: object) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)  # whoever is impatient sends it again
        raise Terminated

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield  # the project has a handler of its own
        return
    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit_code(error: BaseException) -> int:
    if isinstance(error, Terminated):
        return TERMINATED
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return error.returncode if isinstance(error, CommandError) else FAILED


def _raise_usage(message: str) -> NoReturn:
    raise CommandError(f"cannot read the arguments: {message}", returncode=FAILED)


def _place_of(error: BaseException) -> str:
    """The last line of ours that the error came through; without any, the last line at all."""
    frames: Sequence[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)
    package = str(Path(__file__).parents[1]) + os.sep
    ours = [frame for frame in frames if frame.filename.startswith(package)]
    frame = (ours or frames)[-1]
    return f"{frame.filename}:{frame.lineno}, in {frame.name}"


def _failure(alias: str, error: OperationalError) -> DbstateError:
    """What the driver's error comes to: nobody answers, or the server could not go on."""
    cause = error.__cause__
    code = str(getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or "")
    address, found = _address(connections[alias]), " ".join(str(error).split())
    if not code or code.startswith(_AWAY):
        return Unreachable(alias, address, found)
    return GaveUp(alias, address, found, code)


_AWAY = ("08", "28", "3D", "57P", "SQLITE_CANTOPEN")
"""What SQLSTATEs begin with when there is no connection (any more)."""


def _address(connection: BaseDatabaseWrapper) -> str:
    settings = connection.settings_dict
    host = ":".join(str(settings[part]) for part in ("HOST", "PORT") if settings[part])
    return "/".join(part for part in (host, str(settings["NAME"] or "")) if part)


def _forget_stdout() -> None:
    """Let the interpreter's last flush go nowhere, where it would complain about the closed pipe again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _close_connections() -> None:
    try:
        connections.close_all()
    except ImproperlyConfigured:
        return  # there are no settings, hence no connections
