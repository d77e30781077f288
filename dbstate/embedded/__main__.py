"""``python -m dbstate.embedded``: look at a project's server, stop it, open ``psql`` in it."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from dbstate.embedded.binaries import find_binaries
from dbstate.embedded.places import DATABASE, Place, place_of
from dbstate.embedded.server import ensure_running, psql_command, psql_environment, query, status, stop
from dbstate.errors import DbstateError

DATABASES = "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY datname"


def show_status(place: Place, arguments: Sequence[str]) -> int:
    """Say what runs; starts nothing."""
    found = status(place)
    print(f"project    {place.project}")
    print(f"folder     {place.folder}")
    if not found.running:
        print("server     not running")
        return 0
    used = "in use" if found.used else "not in use"
    kept = "stops by itself" if found.kept else "nothing will stop it: run `python -m dbstate.embedded stop`"
    print(f"server     process {found.pid}, {used}, {kept}")
    print(f"socket     {place.socket}")
    print(f"databases  {', '.join(query(place, DATABASES).splitlines())}")
    return 0


def stop_now(place: Place, arguments: Sequence[str]) -> int:
    """Stop the server, whoever uses it."""
    print("stopped" if stop(place) else "not running")
    return 0


def open_psql(place: Place, arguments: Sequence[str]) -> int:
    """Run the wheel's psql on the project's database; what follows goes to psql."""
    ensure_running(place, database=DATABASE)
    command = [*psql_command(find_binaries(), place, DATABASE), *arguments]
    # Ctrl-C is for psql, to cancel a query.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(command, env=psql_environment()).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def print_path(place: Place, arguments: Sequence[str]) -> int:
    """Print the folder that holds the cluster."""
    print(place.folder)
    return 0


COMMANDS: dict[str, Callable[[Place, Sequence[str]], int]] = {
    "status": show_status,
    "stop": stop_now,
    "psql": open_psql,
    "path": print_path,
}


def project_at(folder: Path) -> Path:
    """The nearest folder, upwards, that holds a ``manage.py``; else the folder itself."""
    return next((path for path in (folder, *folder.parents) if (path / "manage.py").is_file()), folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, that of psql, or 2 with a message."""
    parser = argparse.ArgumentParser(prog="python -m dbstate.embedded", description=__doc__)
    parser.add_argument(
        "--project", type=Path, help="the project's folder (default: the nearest with a manage.py)"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in COMMANDS.items():
        command = commands.add_parser(name, help=function.__doc__, add_help=name != "psql")
        command.set_defaults(function=function)
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "psql":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        code: int = options.function(place_of(options.project or project_at(Path.cwd())), rest)
    except DbstateError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return code


if __name__ == "__main__":
    sys.exit(main())
