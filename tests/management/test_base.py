"""The base of all commands: options, labels, exit codes, output."""

from __future__ import annotations

import errno
import io
import os
import re
import signal
import stat
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import Error
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError
from django.db import OperationalError
from django.test import override_settings

from dbstate.errors import DbstateError, GuardRefusal
from dbstate.guard import Refused
from dbstate.management import DbstateCommand, LabelError, Options, UsageError, select
from dbstate.management.options import read_now, read_seed
from tests.scratch import opened, scratch_database, sqlite_entry

ROOT = Path(__file__).parents[2]
EAST = timezone(timedelta(hours=2))
COMMANDS = sorted(path.stem for path in (ROOT / "dbstate/management/commands").glob("dbstate_*.py"))


class Probe(DbstateCommand):
    """A command that does what the test says."""

    help = "Do what the test says."
    requires_system_checks: Any = []

    def __init__(self, act: Callable[[Probe, Options], int | None], **streams: Any) -> None:
        super().__init__(**streams)
        self.act = act
        self.given: Mapping[str, Any] = {}

    def run(self, options: Options, given: Mapping[str, Any]) -> int:
        self.given = given
        return self.act(self, options) or 0


def exit_code(act: Callable[[Probe, Options], int | None], *arguments: str) -> int:
    try:
        Probe(act).run_from_argv(["manage.py", "probe", *arguments])
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def options_of(*arguments: str, **given: Any) -> Options:
    seen: list[Options] = []
    call_command(Probe(lambda _, options: seen.append(options)), *arguments, **given)
    return seen[0]


def raising(error: BaseException) -> Callable[[Probe, Options], int | None]:
    def act(probe: Probe, options: Options) -> int | None:
        raise error

    return act


# -- exit codes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DbstateError("cannot do it: a; b"), 2),
        (GuardRefusal("cannot write: a; b"), 3),
        (CommandError("no"), 2),
        (CommandError("no", returncode=3), 3),
        (SystemCheckError("checks failed"), 2),
        (ValueError("surprise"), 2),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
@pytest.mark.parametrize("arguments", [(), ("--traceback",)], ids=["", "traceback"])
def test_every_error_has_its_exit_code(
    error: BaseException, code: int, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(raising(error), *arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert str(error) in err
    assert ("Traceback" in err) == bool(arguments)


def test_clean_is_0_and_findings_are_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(lambda *_: 0) == 0
    assert exit_code(lambda *_: 1) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "arguments",
    [("--nope",), ("--format", "xml"), ("--seed", "x"), ("--now", "soon"), ("--database", "nope")],
)
def test_wrong_usage_is_2_on_the_command_line_and_in_call_command(arguments: tuple[str, ...]) -> None:
    assert exit_code(lambda *_: 0, *arguments) == 2
    with pytest.raises(CommandError) as raised:
        call_command(Probe(lambda *_: 0), *arguments)
    assert raised.value.returncode == 2


def test_call_command_raises_with_the_code_and_the_cause() -> None:
    refusal = GuardRefusal("cannot write: a; b")
    with pytest.raises(CommandError, match="cannot write: a; b") as raised:
        call_command(Probe(raising(refusal)))
    assert raised.value.returncode == 3
    assert raised.value.__cause__ is refusal
    with pytest.raises(CommandError) as raised:
        call_command(Probe(lambda *_: 1))
    assert raised.value.returncode == 1


def test_an_unexpected_error_says_what_where_and_how_to_see_more(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(raising(ValueError("two\nlines")))
    err = capsys.readouterr().err
    assert re.fullmatch(r"probe: unexpected ValueError: two lines \(at .*base\.py:\d+, in handle\).*\n", err)
    assert "--traceback" in err


def test_an_interruption_says_what_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(raising(KeyboardInterrupt()))
    assert "nothing was written" in capsys.readouterr().err


def test_a_reader_that_has_gone_is_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    kept = os.dup(1)
    try:
        assert exit_code(raising(BrokenPipeError(errno.EPIPE, "Broken pipe"))) == 2
    finally:
        os.dup2(kept, 1)
        os.close(kept)
    assert "whoever was reading it has gone" in capfd.readouterr().err


def test_failed_system_checks_are_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = Error("broken", hint="mend it", id="x.E1")
    monkeypatch.setattr("django.core.checks.run_checks", lambda **_: [issue])
    monkeypatch.setattr(Probe, "requires_system_checks", "__all__")
    assert exit_code(lambda *_: 0) == 2
    assert "x.E1" in capsys.readouterr().err
    assert exit_code(lambda *_: 0, "--skip-checks") == 0


def test_broken_addresses_are_no_hindrance(
    django_db_setup: None, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Checks of newer Djangos ask the database.
    with django_db_blocker.unblock(), override_settings(ROOT_URLCONF="urls_that_are_not_there"):
        monkeypatch.setattr(Probe, "requires_system_checks", DbstateCommand.requires_system_checks)
        assert exit_code(lambda *_: 0) == 0
        monkeypatch.setattr(Probe, "requires_system_checks", "__all__")
        assert exit_code(lambda *_: 0) == 2


def test_help_is_shown_and_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(lambda *_: 0, "--help") == 0
    out = capsys.readouterr().out
    for option in ("--database", "--noinput", "--dry-run", "--seed", "--now", "--format", "--output"):
        assert option in out


# -- options ------------------------------------------------------------------------------------


def test_defaults() -> None:
    options = options_of()
    assert (options.database, options.interactive, options.dry_run) == ("default", True, False)
    assert (options.seed, options.format, options.output, options.verbosity) == (0, "text", None, 1)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert today - timedelta(days=1) <= options.now <= today
    assert options.now.tzinfo is UTC


def test_options_are_read_alike_from_both_doors(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    typed = options_of(
        "--noinput", "--dry-run", "--seed=7", "--now=2026-02-03", "--format=json", f"--output={path}"
    )
    called = options_of(
        interactive=False, dry_run=True, seed=7, now="2026-02-03", format="json", output=str(path)
    )
    assert typed == called
    assert not typed.interactive
    assert typed.output == path


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:30", datetime(2026, 1, 31, 12, 30, tzinfo=UTC)),
        ("2026-01-31T01:00:00+02:00", datetime(2026, 1, 30, 23, tzinfo=UTC)),
        (
            datetime(2026, 1, 31, 1, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 1, 30, 23, tzinfo=UTC),
        ),
        (datetime(2026, 1, 31).date(), datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_now_is_a_moment_in_utc(given: object, moment: datetime) -> None:
    assert read_now(given) == moment
    assert read_now(given).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "given", ["0999-12-31", "9001-01-01", datetime(1, 1, 1), datetime(9999, 12, 31).date()]
)
def test_now_leaves_room_for_dates_around_it(given: object) -> None:
    with pytest.raises(UsageError, match="its year is not between 1000 and 9000"):
        read_now(given)


@pytest.mark.parametrize("given", ["", "31.01.2026", "2026-02-30", "0001-01-01T00:00:00+14:00", "today"])
def test_now_that_is_no_date_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="it is no date"):
        read_now(given)


def test_seed_is_any_integer_reduced_to_64_bits() -> None:
    assert (read_seed("42"), read_seed(-1), read_seed(2**64 + 5)) == (42, 2**64 - 1, 5)
    with override_settings(DBSTATE={"SEED": 9}):
        assert (read_seed(None), read_seed(0)) == (9, 0)
    with pytest.raises(UsageError, match="no whole number"):
        read_seed("1.5")


def test_an_unknown_alias_comes_with_the_nearest() -> None:
    with pytest.raises(CommandError, match="did you mean 'default'"):
        call_command(Probe(lambda *_: 0), database="defualt")


def test_an_unreachable_database_is_one_message(django_db_blocker: Any, tmp_path: Path) -> None:
    with opened(sqlite_entry(tmp_path / "missing" / "db.sqlite3")) as connection:
        probe = Probe(lambda *_: 0)
        with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
            patch.setattr("dbstate.management.base.connections", {"default": connection})
            with pytest.raises(DbstateError, match="cannot reach database 'default'") as raised:
                probe.connect(options_of())
    assert raised.value.exit_code == 2
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("sqlstate", "said"),
    [
        ("57014", "cannot go on in database 'default'"),
        ("53100", "make room on the server's disk"),
        ("57P01", "cannot reach database 'default'"),
        (None, "cannot reach database 'default'"),
    ],
)
def test_a_server_that_gives_up_is_not_one_that_is_away(sqlstate: str | None, said: str) -> None:
    error = OperationalError("no\nmore")
    error.__cause__ = type("FromDriver", (Exception,), {"sqlstate": sqlstate})()

    def act(probe: Probe, options: Options) -> int | None:
        raise error from error.__cause__

    with pytest.raises(CommandError, match=re.escape(said)) as raised:
        call_command(Probe(act))
    assert raised.value.returncode == 2
    assert "no more" in str(raised.value)


# -- labels -------------------------------------------------------------------------------------


def test_labels_reach_the_command() -> None:
    probe = Probe(lambda *_: 0)
    call_command(probe, "auth", "auth.User")
    assert probe.given["labels"] == ("auth", "auth.User")


def test_an_application_and_its_models() -> None:
    found = select(["auth.group", "auth", "auth.Group"], apps)
    assert found.labels[0] == "auth.Group"
    assert len(found.labels) == len(set(found.labels))
    assert {"auth.Permission", "auth.Group_permissions"} <= set(found.labels)
    assert found.named == {"auth.Group"}
    assert found
    assert not select([], apps)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("auht", "did you mean 'auth'"),
        ("auth.Usr", "did you mean 'auth.User'"),
        ("django.contrib.auth", "use its label 'auth'"),
        ("staticfiles", "has no models"),
        ("auth.", "did you mean"),
        ("", "no installed application"),
    ],
)
def test_an_unknown_label_is_named_with_the_nearest(label: str, said: str) -> None:
    with pytest.raises(LabelError, match=re.escape(said)) as raised:
        select([label], apps)
    assert repr(label) in str(raised.value)
    assert raised.value.exit_code == 2


# -- output -------------------------------------------------------------------------------------


def emitting(text: str) -> Callable[[Probe, Options], int | None]:
    def act(probe: Probe, options: Options) -> int | None:
        probe.note(options, "a note")
        probe.note(options, "much detail", level=2)
        probe.emit(options, text)
        return None

    return act


def test_result_on_stdout_and_notes_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(emitting("result\n"))
    assert capsys.readouterr() == ("result\n", "a note\n")
    exit_code(emitting("result"), "-v0")
    assert capsys.readouterr() == ("result\n", "")
    exit_code(emitting("result"), "-v2")
    assert capsys.readouterr().err == "a note\nmuch detail\n"


def test_output_goes_whole_into_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.txt"
    exit_code(emitting("première\n"), "--output", str(path))
    assert path.read_text(encoding="utf-8") == "première\n"
    assert capsys.readouterr().out == ""
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    path.chmod(0o600)
    exit_code(emitting("second"), "--output", str(path))
    assert path.read_text() == "second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan.txt"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plan.txt"
    path.write_text("old")

    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert exit_code(emitting("new"), "--output", str(path)) == 2
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan.txt"]


def test_an_output_that_cannot_be_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    done: list[int] = []
    for path in (tmp_path, tmp_path / "missing" / "plan.txt"):
        assert exit_code(lambda *_: done.append(1), "--output", str(path)) == 2
    assert done == []


def test_colour_is_for_terminals_unless_forced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not options_of().color
    assert options_of(force_color=True).color
    assert options_of(force_color=True, output=str(tmp_path / "x")).color
    terminal = SimpleNamespace(isatty=lambda: True, write=lambda text: None, flush=lambda: None)
    monkeypatch.setattr("dbstate.management.options.supports_color", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("DJANGO_COLORS", raising=False)
    assert options_of(stdout=terminal).color
    assert not options_of(stdout=terminal, no_color=True).color
    assert not options_of(stdout=terminal, output=str(tmp_path / "x")).color
    monkeypatch.setenv("NO_COLOR", "1")
    assert not options_of(stdout=terminal).color


def test_tables_are_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    terminal = SimpleNamespace(isatty=lambda: True, write=lambda text: None, flush=lambda: None)
    widths = []
    for columns in ("20", "80", "400"):
        monkeypatch.setenv("COLUMNS", columns)
        widths.append(options_of(stdout=terminal).width)
    assert widths == [60, 80, 140]
    assert options_of(stdout=terminal, output=str(tmp_path / "x")).width == 100
    assert options_of().width == 100


# -- the guard ----------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "arguments", "allowed"),
    [
        ("{name}\n", {}, True),
        ("{name}\n", {"interactive": False}, False),
        ("no\n", {}, False),
        ("", {}, False),
    ],
)
def test_a_person_may_type_the_name(
    typed: str,
    arguments: dict[str, Any],
    allowed: bool,
    django_db_blocker: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    err = io.StringIO()
    probe = Probe(lambda *_: 0, stderr=err)
    with django_db_blocker.unblock(), scratch_database() as entry, opened(entry) as connection:
        monkeypatch.setattr(sys, "stdin", Terminal(typed.format(name=entry["NAME"])))
        if allowed:
            assert probe.permit(connection, options_of(**arguments), purpose="write").allowed
        else:
            with pytest.raises(Refused):
                probe.permit(connection, options_of(**arguments), purpose="write")
        assert (f"({entry['NAME']})" in err.getvalue()) == bool(arguments.get("interactive", True))


def test_nobody_is_asked_off_a_terminal(django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with django_db_blocker.unblock(), scratch_database() as entry, opened(entry) as connection:
        monkeypatch.setattr(sys, "stdin", io.StringIO(entry["NAME"] + "\n"))
        with pytest.raises(Refused):
            Probe(lambda *_: 0).permit(connection, options_of(), purpose="write")


# -- all commands -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_stands_in_the_readme(name: str) -> None:
    command = import_module(f"dbstate.management.commands.{name}").Command
    assert issubclass(command, DbstateCommand)
    assert command.help.strip()
    parser = command().create_parser("manage.py", name)
    assert all(action.help for action in parser._actions)
    assert name in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_request_to_end_undoes_what_is_under_way(capsys: pytest.CaptureFixture[str]) -> None:
    undone = []

    def work(*_: object) -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)
        finally:
            undone.append(True)
        return 0

    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        assert (exit_code(work), undone) == (143, [True])
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "interrupted; nothing was written" in capsys.readouterr().err
