"""Projects with a server of their own, and processes that use it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dbstate import embedded

ROOT = Path(__file__).parents[2]
CLIENT = """
import sys
from dbstate import embedded
place = embedded.place_of(sys.argv[1])
embedded.ensure_running(place, database="dbstate")
print(embedded.status(place).pid, place.folder, flush=True)
sys.stdin.read()
"""


class Client:
    """A process that uses the server of a project until it is ended."""

    def __init__(
        self, project: Path, *, environment: Mapping[str, str] = os.environ, uid: int | None = None
    ) -> None:
        become: dict[str, Any] = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(project)],
            # Not the repository: whoever runs this may not be able to enter it.
            cwd="/",
            env={**environment, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **become,
        )
        self.server = 0
        self.folder = Path()

    def ready(self) -> Client:
        """Wait until the server runs."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        pid, folder = line.split(maxsplit=1)
        self.server, self.folder = int(pid), Path(folder.strip())
        return self

    def end(self) -> None:
        """End in good order."""
        self.process.communicate()

    def kill(self) -> None:
        """End at once, with no chance to clean up."""
        self.process.kill()
        self.process.communicate()

    def send(self, order: signal.Signals) -> None:
        self.process.send_signal(order)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test's own (root does not use it, and has one folder for every project)."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def ready_made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Place]:
    """A stopped server with an empty database, to be copied: making a cluster takes most of a test's time."""
    folder = tmp_path_factory.mktemp("ready")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        place = embedded.place_of(folder)
    client = Client(folder, environment={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}).ready()
    embedded.stop(place)
    client.end()
    assert eventually(lambda: not embedded.status(place).kept)
    yield place
    discard(place)


@pytest.fixture
def projects(tmp_path: Path, ready_made: embedded.Place) -> Iterator[Callable[..., embedded.Place]]:
    """Makes projects, each with a cluster unless it is to be new; all is gone after the test."""
    made: list[embedded.Place] = []

    def make(name: str, *, new: bool = False) -> embedded.Place:
        (tmp_path / name).mkdir()
        place = embedded.place_of(tmp_path / name)
        made.append(place)
        if not new:
            place.base.mkdir(mode=0o700, parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", ready_made.folder, place.folder], check=True)
        return place

    yield make
    for place in made:
        discard(place)


@pytest.fixture
def new_place(projects: Callable[..., embedded.Place]) -> embedded.Place:
    """Where the server of a project will live that never had one."""
    return projects("new", new=True)


@pytest.fixture
def place(projects: Callable[[str], embedded.Place]) -> embedded.Place:
    """Where the server of one project lives."""
    return projects("project")


@pytest.fixture
def use() -> Iterator[Callable[..., Client]]:
    """Starts processes that use a server; none outlives the test."""
    started: list[Client] = []

    def start(place: embedded.Place, **options: Any) -> Client:
        started.append(Client(place.project, **options))
        return started[-1]

    yield start
    for client in started:
        client.kill()


def discard(place: embedded.Place) -> None:
    embedded.stop(place)
    eventually(lambda: not embedded.status(place).kept)
    for folder in (place.folder, place.socket_folder):
        shutil.rmtree(folder, ignore_errors=True)


def eventually(condition: Callable[[], bool], *, seconds: float = 20) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., bool]:
    """The function, for test modules."""
    return eventually
