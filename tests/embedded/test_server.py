"""The life of the embedded server, seen from processes that use it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbstate import embedded
from dbstate.embedded import keeper
from dbstate.embedded.accounts import Account, account_for

Use = Callable[..., Any]
Eventually = Callable[..., bool]
AS_ROOT = os.geteuid() == 0


def gone(place: embedded.Place) -> bool:
    found = embedded.status(place)
    return not (found.running or found.kept or found.used)


def keeper_of(place: embedded.Place) -> int:
    """The process that was started to keep this server."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if os.fsencode(keeper.__file__) in words and os.fsencode(place.lease) in words:
                found.append(int(folder.name))
    (pid,) = found
    return pid


def test_it_stops_after_its_last_user(place: embedded.Place, use: Use, eventually: Eventually) -> None:
    first, second = use(place).ready(), use(place).ready()
    assert first.server == second.server
    first.end()
    assert not eventually(lambda: gone(place), seconds=1.5)
    second.end()
    assert eventually(lambda: gone(place))
    assert not place.socket.exists()


def test_it_stops_after_users_were_killed(place: embedded.Place, use: Use, eventually: Eventually) -> None:
    clients = [use(place).ready() for _ in range(2)]
    for client in clients:
        client.kill()
    assert eventually(lambda: gone(place))


@pytest.mark.slow
def test_a_user_killed_while_starting_leaves_nothing(
    new_place: embedded.Place, use: Use, eventually: Eventually
) -> None:
    client = use(new_place)
    assert eventually(lambda: new_place.server_lock.exists(), seconds=30)
    client.kill()
    assert eventually(lambda: gone(new_place))
    assert use(new_place).ready().server


@pytest.mark.slow
def test_a_frozen_user_keeps_it(place: embedded.Place, use: Use, eventually: Eventually) -> None:
    client = use(place).ready()
    client.send(signal.SIGSTOP)
    assert not eventually(lambda: gone(place), seconds=1.5)
    client.send(signal.SIGCONT)
    client.end()
    assert eventually(lambda: gone(place))


@pytest.mark.slow
def test_first_starts_at_the_same_time(new_place: embedded.Place, use: Use) -> None:
    clients = [use(new_place) for _ in range(5)]
    assert len({client.ready().server for client in clients}) == 1
    assert embedded.query(new_place, "SELECT 1", database="dbstate") == "1"


def test_it_starts_while_it_stops(place: embedded.Place, use: Use, eventually: Eventually) -> None:
    for _ in range(3):
        use(place).ready().end()
        assert eventually(lambda: not embedded.status(place).used)
    client = use(place).ready()
    assert embedded.query(place, "SELECT 1") == "1"
    assert embedded.status(place) == embedded.Status(running=True, pid=client.server, kept=True, used=True)


@pytest.mark.slow
def test_two_projects_have_two_servers(projects: Callable[[str], embedded.Place], use: Use) -> None:
    places = [projects("one"), projects("two")]
    clients = [use(place) for place in places]
    assert len({client.ready().server for client in clients}) == 2
    for place in places:
        embedded.query(place, f"CREATE TABLE {place.project.name} ()", database="dbstate")
    assert embedded.query(places[0], "SELECT to_regclass('two')", database="dbstate") == ""


def test_rows_outlive_the_server(place: embedded.Place, use: Use, eventually: Eventually) -> None:
    use(place).ready()
    embedded.query(place, "CREATE TABLE kept AS SELECT 7 AS n", database="dbstate")
    assert embedded.stop(place)
    assert not embedded.stop(place)
    use(place).ready()
    assert embedded.query(place, "SELECT n FROM kept", database="dbstate") == "7"


def test_it_starts_after_it_was_killed(place: embedded.Place, use: Use, eventually: Eventually) -> None:
    first = use(place).ready()
    embedded.query(place, "CREATE TABLE kept ()", database="dbstate")
    os.kill(first.server, signal.SIGKILL)
    assert eventually(lambda: not embedded.status(place).running)
    second = use(place).ready()
    assert second.server != first.server
    assert embedded.query(place, "SELECT to_regclass('kept')", database="dbstate") == "kept"


def test_a_stale_pid_file_harms_no_stranger(place: embedded.Place, use: Use, eventually: Eventually) -> None:
    use(place).ready()
    embedded.stop(place)
    (data,) = place.server.glob("data*")
    account = account_for(place.server)
    become: dict[str, Any] = {"user": account.uid} if account.other else {}
    with subprocess.Popen(["sleep", "60"], **become) as stranger:
        # A server believes a pid file that names a living process of its own user.
        lines = f"{stranger.pid}\n{data}\n1\n5432\n{place.socket_folder}\n\n  1 1\nready\n"
        (data / "postmaster.pid").write_text(lines)
        (place.socket_folder / f"{place.socket.name}.lock").write_text(lines)
        assert not embedded.stop(place)
        client = use(place).ready()
        assert client.server != stranger.pid
        assert embedded.stop(place)
        assert stranger.poll() is None
        stranger.kill()


def test_a_half_made_cluster_is_cleared(new_place: embedded.Place, use: Use) -> None:
    client = use(new_place)
    for _ in range(1000):
        if list(new_place.server.glob("making-*/PG_VERSION")) or client.process.poll() is not None:
            break
        os.sched_yield()
    client.kill()
    assert use(new_place).ready().server
    assert not list(new_place.server.glob("making-*"))


@pytest.mark.skipif(sys.platform != "linux", reason="finds the keeper in /proc")
def test_a_killed_keeper_is_replaced(place: embedded.Place, use: Use, eventually: Eventually) -> None:
    first = use(place).ready()
    os.kill(keeper_of(place), signal.SIGKILL)
    assert eventually(lambda: not embedded.status(place).kept)
    second = use(place).ready()
    assert second.server == first.server
    first.end()
    second.end()
    assert eventually(lambda: gone(place))


def test_it_listens_on_no_network(place: embedded.Place, use: Use) -> None:
    use(place).ready()
    assert embedded.query(place, "SHOW listen_addresses") == ""
    assert embedded.query(place, "SELECT current_setting('max_connections')::int >= 100") == "t"


def test_another_server_on_our_socket_is_refused(projects: Callable[[str], embedded.Place], use: Use) -> None:
    ours, other = projects("ours"), projects("other")
    for place in (ours, other):
        use(place).ready()
    ours.socket.rename(ours.socket.with_name("aside"))
    ours.socket.symlink_to(other.socket)

    output, errors = use(ours).process.communicate()

    assert not output
    assert f"its data directory is {other.server}" in errors
    ours.socket.unlink()
    ours.socket.with_name("aside").rename(ours.socket)
    assert embedded.status(other).running


@pytest.mark.slow
def test_no_order_goes_to_another_server(
    projects: Callable[[str], embedded.Place], use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = projects("ours"), projects("other")
    for place in (ours, other):
        use(place).ready()
    ours.socket.rename(ours.socket.with_name("aside"))
    ours.socket.symlink_to(other.socket)
    monkeypatch.setattr(keeper, "STEPS", ((signal.SIGINT, 0.5),))
    monkeypatch.setattr(keeper, "SERVER_LOOKS_EVERY", 0)

    (pid_file,) = ours.server.glob("data*/postmaster.pid")
    written = pid_file.read_text()
    assert not keeper.stop_server(ours.server_lock, ours.socket, ours.server)

    assert embedded.status(other).running
    ours.socket.unlink()
    ours.socket.with_name("aside").rename(ours.socket)
    pid_file.write_text(written)
    assert keeper.stop_server(ours.server_lock, ours.socket, ours.server)


def test_what_went_wrong_is_said(place: embedded.Place, use: Use) -> None:
    use(place).ready().end()
    embedded.stop(place)
    (data,) = place.server.glob("data*")
    (data / "postgresql.conf").write_text("no_such_setting = 1\n")
    _, errors = use(place).process.communicate()
    assert "cannot start the embedded PostgreSQL" in errors
    assert "no_such_setting" in errors


def test_removing_the_folder_gives_a_new_server(place: embedded.Place, tmp_path: Path) -> None:
    script = (
        "import shutil, sys\nfrom dbstate import embedded\nplace = embedded.place_of(sys.argv[1])\n"
        "for n in range(2):\n"
        "    embedded.ensure_running(place, database='dbstate')\n"
        "    embedded.query(place, 'CREATE TABLE fresh ()', database='dbstate')\n"
        "    if n == 0:\n        embedded.stop(place); shutil.rmtree(place.folder)\n"
        "print(embedded.status(place).kept)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(place.project)], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
@pytest.mark.parametrize("root_first", [True, False])
def test_root_and_a_user_in_one_project(
    place: embedded.Place, use: Use, eventually: Eventually, root_first: bool, request: pytest.FixtureRequest
) -> None:
    nobody = 65534
    visitor = Account("nobody", nobody, nobody, other=True)
    if not visitor.can_run([sys.executable, "-c", f"open({embedded.__file__!r})"]):
        pytest.skip("another user can reach neither this Python nor the repository")
    home = Path(f"/tmp/dbstate-home-{os.getpid()}-{root_first}")
    home.mkdir()
    request.addfinalizer(lambda: shutil.rmtree(home))
    os.chown(home, nobody, nobody)
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    folders = {}
    for as_root in (root_first, not root_first, root_first):
        client = use(place) if as_root else use(place, environment=environment, uid=nobody)
        folders[as_root] = client.ready().folder
        client.end()
    user_place = embedded.Place(
        place.project, home / ".cache/dbstate", folders[False], folders[False] / "server"
    )
    assert folders[True] == place.folder
    assert folders[False].is_relative_to(home)
    assert eventually(lambda: gone(place) and gone(user_place))
