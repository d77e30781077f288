"""The generated file of the example project: imported, type-checked, and each factory of it used."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from dbstate.factories import ModelFactory, new_test

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


def test_it_is_type_checked_strictly(made):
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(made)],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
