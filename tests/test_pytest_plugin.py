"""The pytest plugin, in runs of its own of a small project on SQLite."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from dbstate import pytest_plugin

pytest_plugins = ["pytester"]

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes", "dbstate", "garden"]
_DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
DATABASES = {"default": _DATABASE, "other": _DATABASE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DBSTATE = {"SEED": 5}
"""
MODELS = """
from django.db import models

class Bed(models.Model):
    name = models.CharField(max_length=80)

class Plant(models.Model):
    bed = models.ForeignKey(Bed, models.CASCADE)
    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=1, choices={"t": "tree", "f": "flower"})
"""
STATES = """
from dbstate import state

@state("a bed of plants")
def bed_of_plants(f, *, plants=3):
    bed = f["garden.Bed"]()
    return {"bed": bed, "plants": f["garden.Plant"].create_batch(plants, bed=bed)}
"""
INI = """
[pytest]
DJANGO_SETTINGS_MODULE = garden_settings
pythonpath = .
addopts = --strict-markers -p no:cacheprovider
"""


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this run tells the processes that it starts is not for those runs."""
    for name in [*os.environ]:
        if name.startswith("PYTEST_XDIST") or name == "DJANGO_SETTINGS_MODULE":
            monkeypatch.delenv(name)


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with the app ``garden``."""
    pytester.makefile(".ini", pytest=INI)
    pytester.makepyfile(garden_settings=SETTINGS)
    package = pytester.mkpydir("garden")
    (package / "models.py").write_text(MODELS)
    (package / "states.py").write_text(STATES)
    return pytester


def run(project: pytest.Pytester, text: str, *options: str) -> Any:
    """Run these tests in a process of its own."""
    project.makepyfile(test_it=text)
    return project.runpytest_subprocess("-n0", *options)


# -- loading ------------------------------------------------------------------------------------------


def test_it_is_on_by_its_entry_point() -> None:
    (found,) = (one for one in entry_points(group="pytest11") if one.name == "dbstate")
    assert found.load() is pytest_plugin


def test_loading_it_takes_neither_django_nor_what_makes_values() -> None:
    code = (
        "import sys, pytest; old = {*sys.modules}; import dbstate.pytest_plugin; print(*{*sys.modules} - old)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names}
    assert loaded == {"dbstate", "dbstate.asked", "dbstate.pytest_plugin"}


def test_the_door_of_the_package_opens_when_asked() -> None:
    code = """
import sys, dbstate
assert set(dbstate.__all__) <= set(dir(dbstate))
assert not [name for name in sys.modules if name.startswith(("dbstate.", "django"))]
dbstate.derive, dbstate.DbstateError, dbstate.meaning
assert "django" not in sys.modules and "dbstate.factories" not in sys.modules
try:
    dbstate.nothing
except AttributeError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("module 'dbstate' has no attribute 'nothing'\n", "")


def test_every_name_of_the_package_is_there() -> None:
    import dbstate

    assert sorted(dbstate._HOMES) == dbstate.__all__
    for name in dbstate.__all__:
        assert getattr(dbstate, name).__module__.startswith("dbstate.")


def test_without_django_settings_nothing_changes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys
        def test_it():
            assert "dbstate.factories" not in sys.modules
        def test_failing():
            assert 0
        """
    )
    result = pytester.runpytest_subprocess("-n0", "-p", "no:django", "-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.no_fnmatch_line("*dbstate-seed*")


# -- fixtures and marks -------------------------------------------------------------------------------

USES = """
import pytest
from django.db import connections, transaction
from django.test import TestCase, TransactionTestCase
from dbstate import enter, factory_for
from garden.models import Bed, Plant

NAMES = set()


def inside(using="default"):
    return connections[using].in_atomic_block


def names(using="default"):
    return sorted(Plant.objects.using(using).values_list("name", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("time", [1, 2])
def test_rows_start_anew(factories, time):
    made = factories["garden.Plant"].create()
    assert type(made) is Plant and inside()
    assert factories(Plant).build().name != made.name
    NAMES.add(made.name)
    assert len(NAMES) == 1
    assert Bed.objects.count() == 1


def test_building_needs_no_database(factories):
    assert factories["garden.Plant"].build().name


def test_transactional(transactional_db, state, factories):
    assert not inside()
    assert state("a bed of plants").rows["bed"] == Bed.objects.get()
    factories["garden.Plant"].create()
    assert len(names()) == 4


def test_the_state_fixture_needs_no_mark(state):
    assert inside()
    assert state("plant with tree kind exists").row.kind == "t"


@pytest.mark.dbstate(state="a bed of plants")
def test_marked():
    assert inside() and len(names()) == 3


@pytest.mark.dbstate(state="a bed of plants", params={"plants": 1})
@pytest.mark.django_db(transaction=True)
def test_marked_transactional(dbstate_entered):
    assert not inside() and len(names()) == 1
    assert dbstate_entered[0].values == {"bed": Bed.objects.get().pk, "plants": [Plant.objects.get().pk]}


@pytest.mark.dbstate(state="a bed of plants", using="other")
def test_marked_elsewhere():
    assert len(names("other")) == 3 and not names() and inside("other")


@pytest.mark.dbstate(state="bed exists")
class TestClass:
    @pytest.mark.dbstate(state="a bed of plants", params={"plants": 2})
    def test_outermost_first(self, dbstate_entered):
        assert [one.name for one in dbstate_entered] == ["bed exists", "a bed of plants"]
        assert Bed.objects.count() == 2

    @pytest.mark.parametrize("x", [
        pytest.param(1, marks=pytest.mark.dbstate(state="plant exists")),
        2,
    ])
    def test_parameters(self, x, dbstate_entered):
        assert len(dbstate_entered) == 3 - x

    def test_fixtures_come_after(self, made_in_fixture):
        assert made_in_fixture == 1

    @pytest.fixture
    def made_in_fixture(self, db):
        return Bed.objects.count()


@pytest.mark.dbstate(state="a bed of plants", params={"plants": 1})
class OfDjango(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.bed = factory_for(Bed).create()

    def setUp(self):
        self.seen = names()

    def test_entered_before_set_up(self):
        assert len(self.seen) == 1
        assert self.dbstate_entered[0].rows["bed"] != self.bed

    def test_entered_within_the_tests_transaction(self):
        assert len(self.seen) == 1 and Bed.objects.count() == 2
        enter("plant exists")


class Transactional(TransactionTestCase):
    @pytest.mark.dbstate(state="plant exists")
    def test_transactional(self):
        assert len(names()) == 1 and not inside()


def test_nothing_is_left(db):
    assert not Bed.objects.exists() and not Plant.objects.exists()
"""
SHARES = """
import pytest
from garden.models import Plant


@pytest.fixture(scope="module")
def shared_bed(django_db_setup, django_db_blocker, dbstate_factories, dbstate_state):
    with django_db_blocker.unblock():
        bed = dbstate_state("a bed of plants", plants=1).rows["bed"]
        yield bed
        bed.delete()


@pytest.fixture(scope="class")
def plant_of_class(shared_bed, factories, django_db_blocker):
    with django_db_blocker.unblock():
        plant = factories["garden.Plant"].create(bed=shared_bed)
        yield plant
        plant.delete()


@pytest.mark.django_db
@pytest.mark.usefixtures("plant_of_class")
class TestShared:
    @pytest.mark.parametrize("time", [1, 2])
    def test_past_those_in_use(self, factories, shared_bed, time):
        assert Plant.objects.count() == 2
        factories["garden.Plant"].create(bed=shared_bed)
        assert Plant.objects.count() == 3
"""


@pytest.mark.parametrize(
    "options",
    [
        ("-p", "no:randomly"),
        (),
        pytest.param(("-n2",), marks=pytest.mark.slow),
    ],
)
def test_fixtures_and_marks(project: pytest.Pytester, options: tuple[str, ...]) -> None:
    project.makeini(INI + "python_classes = Test* OfDjango Transactional\n")
    project.makepyfile(test_shared=SHARES)
    result = run(project, USES, *options)
    result.assert_outcomes(passed=18)


CASES = """
from django.test import SimpleTestCase, TestCase, TransactionTestCase
from dbstate import factory_for
from dbstate.factories import new_test
from garden.models import Bed, Plant


def built():
    return factory_for(Plant).build().name


def numbered(number):
    return factory_for(Plant).build(__sequence=number).name


class Plain(TestCase):
    def test_1(self):
        assert [built(), built()] == [numbered(0), numbered(1)]

    test_2 = test_1

    def test_3(self):
        assert factory_for(Plant).create().name == numbered(0)
        assert built() == numbered(1)


class WithRowsOfItsClass(TestCase):
    @classmethod
    def setUpTestData(cls):
        factory_for(Plant).create()
        built()

    def test_1(self):
        assert [built(), factory_for(Plant).create().name, built()] == [numbered(n) for n in (2, 3, 4)]

    test_2 = test_3 = test_1


class WithoutTransactions(TransactionTestCase):
    def setUp(self):
        new_test()

    def test_1(self):
        assert built() == numbered(0)
        assert factory_for(Plant).create().name == numbered(1)

    test_2 = test_1


class WithoutDatabase(SimpleTestCase):
    def setUp(self):
        new_test()

    def test_1(self):
        assert built() == numbered(0)

    test_2 = test_1
"""


def test_numbers_start_anew_for_each_test_of_a_test_case(project: pytest.Pytester) -> None:
    """In whichever order, under pytest and under Django's own runner."""
    project.makepyfile(test_cases=CASES)
    order = [
        f"{name}::{test}"
        for name in ("WithRowsOfItsClass", "Plain")
        for test in ("test_3", "test_2", "test_1")
    ]
    result = project.runpytest_subprocess(
        "-n0", "-p", "no:randomly", *(f"test_cases.py::{one}" for one in order)
    )
    result.assert_outcomes(passed=6)
    project.runpytest_subprocess("-n0", "test_cases.py").assert_outcomes(passed=10)
    for reverse in ((), ("--reverse",)):
        command = [sys.executable, "-m", "django", "test", "--settings", "garden_settings", *reverse]
        done = subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)
        assert "Ran 10 tests" in done.stderr
        assert done.returncode == 0, done.stderr


def test_own_fixtures_of_the_short_names(project: pytest.Pytester) -> None:
    project.makeconftest(
        """
        import pytest

        @pytest.fixture
        def state():
            return "of mind"

        @pytest.fixture
        def factories():
            return "of ours"
        """
    )
    text = """
        import pytest

        @pytest.mark.dbstate(state="bed exists")
        def test_it(state, factories, dbstate_state, dbstate_factories):
            assert (state, factories) == ("of mind", "of ours")
            assert dbstate_state("plant exists").row
            assert dbstate_factories["garden.Bed"].create()
    """
    run(project, text).assert_outcomes(passed=1)


def test_mistakes_are_told(project: pytest.Pytester) -> None:
    text = """
        import pytest

        @pytest.mark.dbstate("bed exists")
        def test_argument(): ...

        @pytest.mark.dbstate(name="bed exists")
        def test_keyword(): ...

        @pytest.mark.dbstate(state="bad exists")
        def test_unknown(): ...
    """
    result = run(project, text, "-p", "no:randomly")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(
        [
            "cannot use @pytest.mark.dbstate of *::test_argument: it has 'bed exists'; write *",
            "cannot use @pytest.mark.dbstate of *::test_keyword: it has name; write *",
            "*UnknownState: cannot enter 'bad exists': there is no such state; did you mean 'bed exists'*",
        ]
    )


# -- the random seed ----------------------------------------------------------------------------------

PLANTED = """
    import pytest
    from dbstate import factory_for

    @pytest.mark.django_db
    def test_planted():
        from garden.models import Plant
        plant = factory_for(Plant).create()
        assert not plant.name, f"<{plant.name}|{plant.kind}|{plant.bed.name}>"
"""


def planted(project: pytest.Pytester, *options: str) -> tuple[str, str]:
    """The values that the failing test showed, and the options that replay them."""
    result = run(project, PLANTED, *options)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    shown = re.search(r"AssertionError: (<.*>)", text)
    line = re.search(
        r"^dbstate: (--dbstate-seed=\d+ --dbstate-now=[\d-]+)( --randomly-seed=\d+)? replays this$",
        text,
        re.MULTILINE,
    )
    assert shown, text
    assert line, text
    return shown[1], line[1]


@pytest.mark.parametrize(
    "options",
    [
        (),
        pytest.param(("-n2",), marks=pytest.mark.slow),
        pytest.param(("-p", "no:randomly", "--show-capture=no"), marks=pytest.mark.slow),
    ],
)
def test_the_printed_seed_replays_a_failure(project: pytest.Pytester, options: tuple[str, ...]) -> None:
    shown, replay = planted(project, "--dbstate-seed=random", "--dbstate-now=2024-02-29", *options)
    assert replay.endswith(" --dbstate-now=2024-02-29")
    assert planted(project, *replay.split()) == (shown, replay)
    other, default = planted(project)
    assert default.startswith("--dbstate-seed=5 ")
    assert other != shown


def test_the_seed_of_the_settings_is_that_of_every_run(project: pytest.Pytester) -> None:
    assert planted(project) == planted(project, "--dbstate-seed=5")


OWN = """
    import factory
    import factory.fuzzy
    from dbstate import ModelFactory
    from garden.models import Bed, Plant

    class BedFactory(factory.django.DjangoModelFactory):
        class Meta:
            model = Bed
        name = factory.Faker("pystr")

    class PlantFactory(ModelFactory[Plant]):
        class Meta:
            model = Plant
        name = factory.fuzzy.FuzzyText(chars="abcdefghijkl")
"""
DRAWS = """
    import pytest
    from django.test import TestCase
    IMPORTS

    def drawn():
        from own import BedFactory, PlantFactory
        return f"{BedFactory.build().name}|{PlantFactory.build().name}"

    @pytest.fixture(scope="module", params=[1, 2])
    def shared(request):
        return drawn()

    def test_first(shared):
        assert drawn() != shared

    def test_planted(shared):
        assert 0, f"<{shared} {drawn()}>"

    class Own(TestCase):
        @classmethod
        def setUpTestData(cls):
            cls.shared = drawn()

        def test_first(self):
            assert drawn() != self.shared

        def test_planted(self):
            assert 0, f"<{self.shared} {drawn()}>"
"""


def drawn(project: pytest.Pytester, imports: str, *options: str) -> tuple[list[str], str]:
    """What failing tests had of factories that draw by themselves, and the options that replay it."""
    project.makepyfile(own=OWN)
    text = run(project, DRAWS.replace("IMPORTS", imports), *options).stdout.str()
    lines = {*re.findall(r"^dbstate: (--dbstate-seed=.*) replays this$", text, re.MULTILINE)}
    assert len(lines) == 1, text
    return sorted(re.findall(r"^E +AssertionError: (<.*>)$", text, re.MULTILINE)), lines.pop()


@pytest.mark.parametrize(
    "imports",
    ["import own", *(pytest.param(one, marks=pytest.mark.slow) for one in ("import factory", ""))],
)
def test_declarations_that_draw_are_replayed_too(project: pytest.Pytester, imports: str) -> None:
    """Those of factory_boy's own random, in whichever order the tests come and each alone."""
    plain = ("-p", "no:randomly", "--dbstate-now=2026-06-01")
    shown, line = drawn(project, imports, *plain)
    values = re.findall(r"[^<>|\s]+", " ".join(shown))
    assert (len(shown), len({*values}), line) == (3, 12, "--dbstate-seed=5 --dbstate-now=2026-06-01")
    assert drawn(project, imports, *plain, *line.split()) == (shown, line)
    alone, _ = drawn(project, imports, *plain, "-k", "test_planted")
    assert alone == shown
    other, _ = drawn(project, imports, *plain, "--dbstate-seed=6")
    assert not {*other} & {*shown}


@pytest.mark.parametrize("options", [(), pytest.param(("-n2",), marks=pytest.mark.slow)])
def test_where_pytest_randomly_seeds_its_seed_replays(
    project: pytest.Pytester, options: tuple[str, ...]
) -> None:
    shown, line = drawn(project, "import own", *options)
    assert len({*re.findall(r"[^<>|\s]+", " ".join(shown))}) == 12
    assert re.fullmatch(r"--dbstate-seed=5 --dbstate-now=\S+ --randomly-seed=\d+", line)
    assert drawn(project, "import own", *options, *line.split()) == (shown, line)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--dbstate-seed=x", "'x' is no whole number, and not 'random'"),
        ("--dbstate-now=x", "'x' is no date; write it as 2026-01-31"),
    ],
)
def test_options_that_cannot_be_read(project: pytest.Pytester, option: str, message: str) -> None:
    result = run(project, "", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()


def test_the_fixtures_and_options_are_documented() -> None:
    text = (Path(__file__).parents[1] / "docs/states.md").read_text()
    names = ["dbstate_factories", "dbstate_state", "dbstate_entered", "`factories`", "`state`"]
    for name in [*names, "--dbstate-seed", "--dbstate-now", "@pytest.mark.dbstate("]:
        assert name in text
