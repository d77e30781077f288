"""The pytest plugin: fixtures for factories, states and migrations, the mark, the seed with each failure.

It is loaded in every run of every project that has dbstate installed, so it imports neither Django nor
what makes values before a test asks for them: hence the imports in functions.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Literal

import pytest

from dbstate.asked import ask, asked, when_loaded

if TYPE_CHECKING:
    from dbstate.rehearsal.trial import Ladder, Trial
    from dbstate.states import Entered

MARK = (
    "dbstate(state, params=None, using='default'): enter this named state before the test, in the test's "
    "transaction; implies django_db. Several marks are entered from the outermost to the innermost."
)


@dataclass(frozen=True, slots=True)
class Run:
    """What the whole run makes its values with, in all of its processes."""

    seed: int | None
    """None: that of the project's settings."""
    now: datetime
    """The reference date, in UTC."""


RUN = pytest.StashKey[Run]()
TEST = pytest.StashKey[str]()
"""The id of the test that is being run."""


# -- options ----------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Hook of pytest."""
    group = parser.getgroup("dbstate", "values that dbstate makes")
    group.addoption(
        "--dbstate-seed",
        type=_read_seed,
        metavar="N|random",
        help="Random seed of made values (default: that of the settings, the same in every run).",
    )
    group.addoption(
        "--dbstate-now",
        type=_read_now,
        metavar="DATE",
        help="Reference date of made values, ISO 8601 (default: today, 00:00 UTC).",
    )


def _read_seed(text: str) -> int | Literal["random"]:
    if text == "random":
        return "random"
    try:
        return int(text) % 2**64
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number, and not 'random'") from None


def _read_now(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it as 2026-01-31") from None


def pytest_configure(config: pytest.Config) -> None:
    """Hook of pytest."""
    config.addinivalue_line("markers", MARK)
    run = _run_of(config)
    config.stash[RUN] = run
    ask(seed=run.seed, now=run.now)


def _run_of(config: pytest.Config) -> Run:
    """What was asked for; in a worker of pytest-xdist what its controller says."""
    worker: Mapping[str, Any] = getattr(config, "workerinput", {})
    if "dbstate_now" in worker:
        return Run(worker["dbstate_seed"], datetime.fromisoformat(worker["dbstate_now"]))
    seed = config.getoption("dbstate_seed")
    if seed == "random":
        import secrets

        seed = secrets.randbits(32)
    now = config.getoption("dbstate_now") or datetime.combine(datetime.now(UTC).date(), time(), UTC)
    return Run(seed, now)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hook of pytest-xdist: tell a worker what this run makes its values with."""
    run = node.config.stash[RUN]
    node.workerinput["dbstate_seed"] = run.seed
    node.workerinput["dbstate_now"] = run.now.isoformat()


def pytest_report_header(config: pytest.Config) -> str | None:
    """Hook of pytest."""
    seed = config.stash[RUN].seed
    return None if seed is None else f"dbstate: --dbstate-seed={seed}"


# -- each test --------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Hook of pytest: row numbers start anew for each test, and so does factory_boy's own random."""
    if counting := sys.modules.get("dbstate.factories.counting"):
        counting.next_test()
    item.config.stash[TEST] = item.nodeid
    _seed_factory_boy(item.config, item.nodeid)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Generator[None, Any, Any]:
    """Hook of pytest: what tests share gets the same values whichever of them comes first."""
    config, random = request.config, _factory_random()
    if fixturedef.scope == "function":
        return (yield)
    generators = [random.randgen, random.faker.generator.random] if random else []
    states = [one.getstate() for one in generators]
    index = getattr(request, "param_index", 0)
    _seed_factory_boy(config, f"{fixturedef.baseid} {fixturedef.argname} {index}", shared=True)
    try:
        return (yield)
    finally:
        if not generators:
            _seed_factory_boy(config, config.stash.get(TEST, ""))
        for one, state in zip(generators, states, strict=True):
            one.setstate(state)


def _seed_factory_boy(config: pytest.Config, where: str, *, shared: bool = False) -> None:
    """What factory.Faker and factory.fuzzy make is a function of the random seed and of where it is made.

    Not of the seed alone: rows that tests share would be those that each test makes. Where pytest-randomly
    seeds each test, only what tests have ``shared`` is seeded here: it must not depend on the first of them.
    """
    if _is_randomly_seeding(config) and not shared:
        return
    when_loaded(lambda: _seed_factory_boy(config, where, shared=shared))
    if random := _factory_random():
        random.reseed_random(f"{_seed()} {where}")


def _factory_random() -> Any:
    """factory_boy's own random, which its Faker declarations use, too; None where nobody has imported it."""
    return importlib.import_module("factory.random") if "factory" in sys.modules else None


def _is_randomly_seeding(config: pytest.Config) -> bool:
    """Whether pytest-randomly seeds it, which prints a seed of its own."""
    return bool(config.pluginmanager.hasplugin("randomly") and config.getoption("randomly_reset_seed", False))


def _seed() -> int:
    """The random seed of the run, or of the project's settings."""
    from dbstate.errors import DbstateError

    try:
        return int(asked().get("seed", 0))
    except DbstateError:  # of the settings: whoever makes values is told
        return 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hook of pytest: say with each failure how its values come again."""
    report = yield
    line = _replay_line(item.config) if report.failed else ""
    if line:
        # Inside the failure's own text, which is shown whatever is captured.
        add = getattr(report.longrepr, "addsection", None)
        if add is not None:
            add("dbstate", line)
        else:
            report.sections.append(("dbstate", line))
    return report


def _replay_line(config: pytest.Config) -> str:
    """The options that make the same values again; empty when none can have been made."""
    setting = sys.modules.get("dbstate.factories.setting")
    if setting is None:
        return ""
    from django.conf import settings

    from dbstate.errors import DbstateError

    if not settings.configured:
        return ""
    try:
        facts = setting.current()
    except DbstateError as error:  # of the project's settings; a report is no place to raise
        return f"dbstate: {error}"
    midnight = facts.now.time() == time()
    now = facts.now.date().isoformat() if midnight else facts.now.isoformat()
    line = f"--dbstate-seed={facts.seed} --dbstate-now={now}"
    if _is_randomly_seeding(config):
        line += f" --randomly-seed={config.getoption('randomly_seed')}"
    return f"dbstate: {line} replays this"


# -- fixtures ---------------------------------------------------------------------------------------------


class Factories:
    """The factory of each model: ``factories["shop.Order"]``, or ``factories(Order)`` with its type."""

    def __getitem__(self, label: str) -> Any:
        return self(label)

    def __call__(self, model: Any, **options: Any) -> Any:
        """As ``dbstate.factory_for``."""
        from dbstate.factories import factory_for

        return factory_for(model, **options)


@pytest.fixture(scope="session")
def dbstate_factories() -> Factories:
    """Factories of all models: ``dbstate_factories["shop.Order"].create()``."""
    return Factories()


@pytest.fixture(scope="session")
def dbstate_state() -> Callable[..., Entered]:
    """Enters a named state: ``dbstate_state("order exists").row``; in the transaction that is open."""
    from dbstate.states import enter

    return enter


@pytest.fixture
def dbstate_entered(_dbstate_marked: tuple[Entered, ...]) -> tuple[Entered, ...]:
    """What the marks of this test entered, the outermost first."""
    return _dbstate_marked


@pytest.fixture(scope="session")
def factories(dbstate_factories: Factories) -> Factories:
    """Short for dbstate_factories."""
    return dbstate_factories


@pytest.fixture(scope="session")
def state(dbstate_state: Callable[..., Entered]) -> Callable[..., Entered]:
    """Short for dbstate_state."""
    return dbstate_state


@pytest.fixture(scope="session")
def dbstate_ladder(django_db_setup: None, django_db_blocker: Any) -> Iterator[Ladder]:
    """The database that trials of migrations are copied from; it is dropped with the run."""
    from dbstate.rehearsal.trial import Ladder

    ladder = Ladder("default")
    yield ladder
    with django_db_blocker.unblock():
        ladder.close()


@pytest.fixture
def dbstate_migration(dbstate_ladder: Ladder, django_db_blocker: Any) -> Iterator[Callable[..., Trial]]:
    """``dbstate_migration("shop", "0042")``: the migration on a database of its own, not applied yet."""
    with django_db_blocker.unblock(), ExitStack() as stack:
        yield lambda app_label, name: stack.enter_context(dbstate_ladder.trial(app_label, name))


@pytest.fixture
def migration(dbstate_migration: Callable[..., Trial]) -> Callable[..., Trial]:
    """Short for dbstate_migration."""
    return dbstate_migration


# -- the mark ---------------------------------------------------------------------------------------------


def pytest_itemcollected(item: pytest.Item) -> None:
    """Hook of pytest: a test that enters a state needs the database."""
    if _is_unittest(item) or not item.config.pluginmanager.hasplugin("django"):
        return
    marks = list(item.iter_markers("dbstate"))
    enters = marks or "dbstate_state" in getattr(item, "fixturenames", ())
    if enters and item.get_closest_marker("django_db") is None:
        aliases = {"default", *(str(mark.kwargs.get("using", "default")) for mark in marks)}
        item.add_marker(pytest.mark.django_db(databases=sorted(aliases)))


@pytest.fixture(autouse=True)
def _dbstate_marked(request: pytest.FixtureRequest) -> tuple[Entered, ...]:
    """Enter the states of the test's marks; those of a TestCase are entered within its own transaction."""
    if request.node.get_closest_marker("dbstate") is None or _is_unittest(request.node):
        return ()
    if not request.config.pluginmanager.hasplugin("django"):
        pytest.fail("cannot enter the state of @pytest.mark.dbstate: pytest-django is not installed", False)
    request.getfixturevalue("db")
    return _enter_marked(request.node)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Hook of pytest: enter the states of a TestCase's marks between its transaction and its setUp()."""
    if _is_unittest(item) and item.get_closest_marker("dbstate") is not None:
        case: Any = item.instance  # type: ignore[attr-defined]  # of a Function
        own = case.setUp

        def set_up() -> None:
            case.dbstate_entered = _enter_marked(item)
            own()

        case.setUp = set_up
    return (yield)


def _is_unittest(item: Any) -> bool:
    unittest = sys.modules.get("unittest")  # not imported: nothing can be a TestCase
    cls = getattr(item, "cls", None)
    return unittest is not None and cls is not None and issubclass(cls, unittest.TestCase)


def _enter_marked(item: pytest.Item) -> tuple[Entered, ...]:
    from dbstate.states import enter

    entered = []
    for mark in reversed(list(item.iter_markers("dbstate"))):
        name, using, params = _read_mark(item, mark)
        entered.append(enter(name, using=using, **params))
    return tuple(entered)


def _read_mark(item: pytest.Item, mark: pytest.Mark) -> tuple[str, str, Mapping[str, Any]]:
    """The state's name, the database and the parameters."""
    unknown = sorted(mark.kwargs.keys() - {"state", "params", "using"})
    name = mark.kwargs.get("state")
    params = mark.kwargs.get("params") or {}
    if mark.args or unknown or not isinstance(name, str) or not isinstance(params, Mapping):
        strange = [*map(repr, mark.args), *unknown]
        found = f"it has {', '.join(strange)}" if strange else f"it has {dict(mark.kwargs)}"
        pytest.fail(
            f"cannot use @pytest.mark.dbstate of {item.nodeid}: {found}; "
            'write @pytest.mark.dbstate(state="order exists", params={...}, using="default")',
            pytrace=False,
        )
    return name, str(mark.kwargs.get("using", "default")), params
