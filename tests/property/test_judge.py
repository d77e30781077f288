"""The judge of the property test sees what is wrong, and the graphs cover what they claim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models

from tests.property.building import Built, build
from tests.property.graphs import (
    KEYS,
    RELATIONS,
    Graph,
    ModelSpec,
    Relation,
    graph_from_seed,
    model_name,
)
from tests.property.judge import Interval, _nested, check_database
from tests.property.parts import NARROW, TIED
from tests.property.reference import insert_reference_rows
from tests.property.traits import PLAIN, Trait

GRAPH = Graph(
    (
        ModelSpec(traits=(Trait("clean_order", variant=1), Trait("email", unique=True))),
        ModelSpec(
            relations=(Relation("generic", 0, optional=False), Relation("unchecked", 0, optional=False))
        ),
        ModelSpec(),
    )
)


@pytest.fixture
def built(database: None) -> Iterator[Built]:
    """Three small models with right rows."""
    graph = Graph(GRAPH.models, connection.vendor)
    with build(graph) as built, built.in_tables():
        insert_reference_rows(built)
        yield built


def problems(built: Built) -> list[str]:
    return check_database(built.all_models())


def rows(built: Built, position: int) -> models.QuerySet[Any]:
    return built.models[position]._base_manager.order_by("pk")


def test_right_rows_are_right(built: Built) -> None:
    assert problems(built) == []


def test_an_empty_table_is_seen(built: Built) -> None:
    rows(built, 2).delete()
    assert problems(built) == [f"{built.label}.Model2: no rows"]
    assert check_database(built.all_models(), may_be_empty={f"{built.label}.Model2"}) == []


def test_what_only_clean_refuses_is_seen(built: Built) -> None:
    rows(built, 0).filter(pk=1).update(ends_0_0="1999-01-01")
    (problem,) = problems(built)
    assert "Model0: 1 x full_clean: ends_0_0: The end is before the start." in problem


def test_a_key_that_the_database_does_not_check_is_followed(built: Built) -> None:
    rows(built, 1).filter(pk=1).update(unchecked_1_1_id=99)
    (problem,) = problems(built)
    assert "unchecked_1_1" in problem


def test_a_broken_deferred_constraint_is_seen(built: Built) -> None:
    rows(built, 1).filter(pk=1).update(generic_1_0_type_id=99_999)
    found = problems(built)
    assert any("constraints:" in problem for problem in found)
    assert any("names a content type without a model" in problem for problem in found)


def test_a_generic_key_to_nothing_is_seen(built: Built) -> None:
    ContentType.objects.get_for_model(ContentType)
    rows(built, 1).filter(pk=2).update(generic_1_0_id=987_654)
    (problem,) = problems(built)
    assert "generic_1_0 names contenttypes.ContentType 987654, which is not there" in problem


def test_a_sequence_that_is_behind_is_seen(built: Built) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("no sequences")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), 1, false)", [built.models[2]._meta.db_table]
        )
    found = problems(built)
    assert any("the sequence of id gives 1, the table has 3" in problem for problem in found)
    assert any("a plain insert fails" in problem for problem in found)


def test_a_tree_that_is_right_has_parents() -> None:
    found, parents = _nested(
        [Interval("a", 1, 1, 4, 0), Interval("b", 1, 2, 3, 1), Interval("c", 2, 1, 2, 0)]
    )
    assert (found, parents) == ([], {"a": None, "b": "a", "c": None})


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (Interval("b", 1, 2, 3, 2), "row b: its depth is 2 below 1 rows"),
        (Interval("b", 1, 2, 5, 1), "row b: [2, 5] overlaps what is around it"),
        (Interval("b", 1, 2, 2, 1), "tree 1: its numbers are not 1 to 4, each once"),
    ],
)
def test_a_tree_that_is_wrong_is_seen(wrong: Interval, text: str) -> None:
    found, _ = _nested([Interval("a", 1, 1, 4, 0), wrong])
    assert text in found


def test_every_kind_is_drawn() -> None:
    graphs = [graph_from_seed(seed) for seed in range(600)]
    specs = [spec for graph in graphs for spec in graph.models]
    assert {trait.kind for spec in specs for trait in spec.traits} == {*PLAIN, *TIED, *NARROW}
    assert {relation.kind for spec in specs for relation in spec.relations} == {*RELATIONS, "key"}
    assert {spec.key for spec in specs} == set(KEYS)
    assert any(
        graph.models[spec.parent].parent is not None
        for graph in graphs
        for spec in graph.models
        if spec.parent
    )


def test_a_graph_prints_as_what_makes_it() -> None:
    graph = graph_from_seed(3)
    assert eval(repr(graph)) == graph


def test_what_is_impossible_is_carried_to_what_needs_it() -> None:
    graph = Graph(
        (
            ModelSpec(traits=(Trait("contradiction"),)),
            ModelSpec(relations=(Relation("foreign_key", 0, optional=False),)),
            ModelSpec(relations=(Relation("foreign_key", 0, optional=True),)),
            ModelSpec(traits=(Trait("unique_boolean"),)),
            ModelSpec(relations=(Relation("one_to_one", 3, optional=False),)),
        )
    )
    assert [graph.expected[model_name(n)].least for n in range(5)] == [0, 0, 3, 2, 2]
    assert "below and above zero" in graph.expected["Model1"].why


@pytest.mark.parametrize("seed", range(0, 400, 10))
def test_what_a_graph_expects_is_possible(seed: int, database: None) -> None:
    graph = graph_from_seed(seed, vendor=connection.vendor)
    with build(graph) as built, built.in_tables():
        insert_reference_rows(built)
        empty = {f"{built.label}.{name}" for name, what in graph.expected.items() if what.least == 0}
        assert check_database(built.all_models(), may_be_empty=empty) == []


def test_the_same_seed_gives_the_same_graph() -> None:
    assert graph_from_seed(7) == graph_from_seed(7)
    assert len({graph_from_seed(seed) for seed in range(50)}) == 50
