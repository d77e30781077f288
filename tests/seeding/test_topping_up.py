"""Which rows a run adds beside those that are there, for the labels and numbers that are asked for."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model

from tests.property.judge import check_database
from tests.seeding.seeding import NOW, dump, query, seed, seed_json, value

pytestmark = pytest.mark.usefixtures("empty")


def count(label: str) -> int:
    return apps.get_model(label)._base_manager.count()


# -- beside rows of people ----------------------------------------------------------------------------


def rows_of_people() -> None:
    user = get_user_model()
    user.objects.create_user("ada", "ada@example.com", "secret", first_name="Ada")
    user.objects.create_user("grace", "grace@example.com", "secret", pk=1_000_007)
    apps.get_model("shop.Plan").objects.create(name="Basic", slug="basic", price_cents=100, currency="EUR")
    site = apps.get_model("zoo.Site").objects.create(name="By the lake")
    apps.get_model("zoo.Keeper").objects.create(site=site, name="Noor")


def test_rows_of_people_stay_as_they_are_and_nothing_collides() -> None:
    rows_of_people()
    before = dump()
    outcome = seed("shop", "zoo.Feeding")
    assert outcome.code == 0, outcome.out + outcome.err
    after = dump()
    assert {table: sorted(set(rows) - set(after[table])) for table, rows in before.items() if rows} == {
        table: [] for table, rows in before.items() if rows
    }
    models = list(apps.get_app_config("shop").get_models(include_auto_created=True))
    assert check_database([*models, apps.get_model("zoo.Keeper")]) == []


def test_sequences_go_on_behind_the_greatest_key() -> None:
    rows_of_people()
    assert seed("shop.User").code == 0
    greatest = value("SELECT max(id) FROM shop_user")
    added = get_user_model().objects.create_user("later", "later@example.com", "secret")
    assert added.pk > 1_000_007
    assert added.pk == greatest + 1


def test_a_table_that_holds_more_than_the_default_gets_nothing() -> None:
    plan = apps.get_model("shop.Plan")
    plan.objects.bulk_create(
        plan(name=f"plan {n}", slug=f"plan-{n}", price_cents=n, currency="EUR") for n in range(15)
    )
    outcome = seed_json("shop.Plan")
    assert (outcome.code, outcome.made) == (0, {})
    assert "nothing is missing" in seed("shop.Plan").out


# -- numbers ------------------------------------------------------------------------------------------


def test_a_number_tops_every_table_up() -> None:
    assert seed("zoo.Keeper", "--rows", "4").code == 0
    assert {label: count(label) for label in ("zoo.Keeper", "zoo.Site")} == {"zoo.Keeper": 4, "zoo.Site": 4}
    again = seed_json("zoo.Keeper", "--rows", "6")
    assert again.made == {"zoo.Keeper": 2, "zoo.Site": 2}
    assert again.result["rows_before"] == {"zoo.Site": 4, "zoo.Keeper": 4}
    assert seed_json("zoo.Keeper", "--rows", "2").made == {}


def test_a_number_for_one_model_alone() -> None:
    outcome = seed_json("zoo.Keeper", "--rows", "zoo.keeper=25", "--rows", "zoo.Site=2", "--rows", "3")
    assert outcome.made == {"zoo.Site": 2, "zoo.Keeper": 25}


def test_no_rows_at_all_is_legal() -> None:
    assert seed_json("shop", "--rows", "0").made == {}
    outcome = seed_json("zoo.Keeper", "--rows", "zoo.Keeper=0")
    assert (outcome.code, outcome.made.keys()) == (0, {"zoo.Site"})


def test_no_parents_make_no_children() -> None:
    outcome = seed_json("zoo", "--rows", "zoo.Site=0")
    assert outcome.code == 1
    assert "zoo.Site" not in outcome.made
    assert {"zoo.Keeper", "zoo.Enclosure", "zoo.Feeding"} <= outcome.failed.keys()
    assert count("zoo.Club") == 10


@pytest.mark.slow
def test_many_rows_are_all_different() -> None:
    outcome = seed_json("shop", "--rows", "shop.User=300", "--rows", "shop.Order=500")
    assert outcome.code == 0
    assert value("SELECT count(DISTINCT lower(email)) FROM shop_user") == 300
    assert value("SELECT count(*) FROM shop_order") == 500


# -- labels -------------------------------------------------------------------------------------------


def test_a_label_fills_what_it_needs_and_nothing_else() -> None:
    assert seed_json("zoo.Feeding").made.keys() == {
        "zoo.Feeding",
        "zoo.Keeper",
        "zoo.Enclosure",
        "zoo.Site",
    }
    assert count("shop.User") == 0


def test_an_application_is_filled_whole() -> None:
    made = seed_json("shop").made
    models = apps.get_app_config("shop").get_models(include_auto_created=True)
    assert {model._meta.label for model in models} <= made.keys()
    assert made.keys() - {model._meta.label for model in apps.get_app_config("shop").get_models()} == {
        "auth.Group",
        "shop.User_groups",
        "shop.User_user_permissions",
    }


# -- what kind of rows --------------------------------------------------------------------------------


def test_realistic_rows_alone() -> None:
    outcome = seed_json("shop.Plan", "--profile", "realistic")
    assert outcome.made == {"shop.Plan": 3}
    assert outcome.result["tables"][0]["edges"] == []
    assert value("SELECT count(*) FROM shop_plan WHERE price_cents IN (0, 1000000)") == 0


def test_edge_cases_alone() -> None:
    outcome = seed_json("shop.Plan", "--profile", "boundary")
    assert outcome.made == {"shop.Plan": 7}
    assert {"max", "min", "zero", "unicode"} <= {*outcome.result["tables"][0]["edges"]}


def test_one_locale_alone() -> None:
    assert seed("shop.User", "--locale", "ja_JP", "--profile", "realistic", "--rows", "12").code == 0
    names = [name for (name,) in query("SELECT last_name FROM shop_user WHERE last_name <> ''")]
    assert names
    assert all(ord(letter) > 0x2E80 for name in names for letter in name if letter.isalpha())


def test_the_reference_date_bounds_what_is_made() -> None:
    assert seed("shop.Product", now="2001-05-05").code == 0
    assert str(value("SELECT max(created_at) FROM shop_product")) < "2001-05-06"


def test_another_random_seed_makes_other_rows() -> None:
    made = []
    for number in ("1", "1", "2"):
        assert seed("zoo.Site", "--seed", number).code == 0
        made.append([name for (name,) in query("SELECT name FROM zoo_site ORDER BY id")])
        query("DELETE FROM zoo_site")
    assert made[0] == made[1]
    assert made[0] != made[2]


# -- what is said -------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_plan_and_writes_nothing() -> None:
    before = dump()
    outcome = seed("--dry-run")
    assert outcome.code == 0
    assert dump() == before
    for text in (
        "shop.Order  10 rows",
        "keeper.site = enclosure.site",
        "president is left NULL, then updated",
        "laid_as is written first, checked at the end",
        "zoo.OneOfEachFlag can hold 2 rows",
        "guard: allowed",
        "nothing was written (--dry-run)",
    ):
        assert text in outcome.out
    assert outcome.out.index("shop.User  ") < outcome.out.index("shop.Order  ")


def test_a_dry_run_for_programs() -> None:
    plan = seed_json("zoo.Feeding", "--dry-run").result
    assert (plan["schema_version"], plan["kind"]) == (1, "seeding-plan")
    assert plan["tables"][0]["label"] == "zoo.Site"
    assert plan["guard"]["allowed"] is True


def test_the_result_for_programs() -> None:
    result = seed_json("zoo.Feeding").result
    assert (result["schema_version"], result["kind"], result["rows"]) == (1, "seeding", 40)
    assert result["replay"] == f"python manage.py dbstate_seed zoo.Feeding --seed 0 --now {NOW}"


def test_the_result_in_a_file(tmp_path) -> None:
    file = tmp_path / "result.json"
    outcome = seed_json("zoo.Site", "--output", str(file))
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    assert json.loads(file.read_text(encoding="utf-8"))["rows"] == 10


def test_the_last_lines_say_how_many_how_fast_and_how_to_have_them_again() -> None:
    assert seed("zoo.Site").code == 0
    lines = seed("zoo.Site", "--rows", "12", "--profile", "realistic").out.splitlines()
    assert lines[-3].startswith("2 rows in 1 table, ")
    assert lines[-2] == (
        f"again: python manage.py dbstate_seed zoo.Site --seed 0 --now {NOW} --rows 12 --profile realistic"
    )
    assert lines[-1] == "  beside these rows: zoo.Site=10"


@pytest.mark.slow
def test_the_report_keeps_to_100_columns() -> None:
    outcome = seed("shop", "zoo")
    tables = outcome.out.split("\n\n")[0].splitlines()
    assert len(tables) > 90
    assert max(map(len, tables)) <= 100
    assert [line for line in tables if line.startswith("shop ")]
    assert all(line == line.rstrip() for line in outcome.out.splitlines())
