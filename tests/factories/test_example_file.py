"""The generated file of the example project: imported, type-checked, and each factory of it used."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from dbstate.factories import ModelFactory, Trait, new_test

ROOT = Path(__file__).resolve().parents[2]
FEW = {"zoo.OneOfEachFlag"}
"""Models that can hold two rows."""


def _apps():
    return ["shop", "zoo", *(["zoo_postgres"] if connection.vendor == "postgresql" else [])]


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "example_factories.py"
    call_command("dbstate_factories", *_apps(), output=str(path), stdout=StringIO())
    return path


@pytest.fixture(scope="session")
def factories(made):
    spec = importlib.util.spec_from_file_location("example_factories", made)
    module = sys.modules["example_factories"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, ModelFactory) and not one._meta.abstract
    ]
    del sys.modules["example_factories"]


@pytest.mark.django_db
def test_each_factory_of_it_creates_valid_rows(factories):
    assert len(factories) > 60
    for factory in factories:
        new_test()
        model = factory._meta.model
        for row in [*factory.create_batch(2), *([] if model._meta.label in FEW else [factory.create()])]:
            model._base_manager.get(pk=row.pk).full_clean()
            factory.build()
    connection.check_constraints()


@pytest.mark.django_db
def test_each_trait_of_it_gives_valid_rows(factories):
    for factory in factories:
        for name, trait in factory._meta.parameters.items():
            if isinstance(trait, Trait):
                new_test()
                with transaction.atomic():
                    row = factory.create(**{name: True})
                    factory._meta.model._base_manager.get(pk=row.pk).full_clean()
                    for field in trait.overrides:
                        assert getattr(row, field) is not None, (factory, name)
                    transaction.set_rollback(True)


def test_each_line_about_a_field_says_more_than_its_name(factories):
    inferred = [(factory.__doc__ or "").partition("keeps it up:\n")[2] for factory in factories]
    said = [line.strip().partition(": ") for lines in inferred for line in lines.splitlines() if line.strip()]
    assert len(said) > 200
    empty = {name for name, _, told in said if {*told.lower().split()} <= {"a", *name.split("_")}}
    assert empty <= {"date", "text", "uuid"}  # named after the kind of value, of which no more is known


USED = """
from typing import Any, assert_type

from dbstate import ModelFactory, factory_for
from example_factories import OrderFactory
from example_project.shop.models import Order

assert_type(OrderFactory(user__email="ada@example.org"), Order)
assert_type(OrderFactory.create(), Order)
assert_type(OrderFactory.create_batch(2), list[Order])
assert_type(OrderFactory.stub(), Any)
assert_type(factory_for(Order)(), Order)
assert_type(factory_for("shop.Order")(), Any)


class Untyped(ModelFactory):
    class Meta:
        model = Order


Untyped()
"""


@pytest.mark.parametrize(
    "checker", ["mypy", pytest.param("mypy with django-stubs", marks=pytest.mark.slow), "pyright"]
)
def test_it_is_type_checked_strictly(made, checker, tmp_path):
    used = made.with_name("used.py")
    used.write_text(USED)
    command = [sys.executable, "-m", "mypy", "--follow-imports=silent", str(made), str(used)]
    if checker == "pyright":
        pytest.importorskip("pyright", reason="pyright is not installed")
        (made.parent / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{ROOT}"]}}')
        command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(made.parent)]
    elif checker == "mypy":
        command += ["--strict"]
    else:
        plugin = "[mypy]\nstrict = true\nplugins = mypy_django_plugin.main\n[mypy.plugins.django-stubs]\n"
        (tmp_path / "mypy.ini").write_text(f"{plugin}django_settings_module = example_project.settings\n")
        command += ["--config-file", str(tmp_path / "mypy.ini")]
    checked = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": str(made.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
