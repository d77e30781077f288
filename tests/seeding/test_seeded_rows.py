"""The rows that one run makes by itself: all there, all valid, with every edge case, in agreement."""

from __future__ import annotations

import re
import unicodedata

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.db import models

from tests.property.judge import check_database
from tests.seeding.seeding import Outcome, query, seed_json, value

pytestmark = pytest.mark.usefixtures("seeded")

EMPTY = {"auth.Permission", "contenttypes.ContentType", "sessions.Session"}
"""Tables that Django fills by itself."""
FEW = {"shop.Refund"}
"""Tables whose parents allow few rows."""


def managed() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.app_label != "dbstate"
    ]


# -- every model --------------------------------------------------------------------------------------


def test_every_model_has_rows_that_full_clean_accepts_and_takes_plain_inserts() -> None:
    assert check_database(managed(), may_be_empty=EMPTY) == []


def test_the_run_is_clean_and_names_what_it_left_to_others(first_run: Outcome) -> None:
    assert (first_run.code, first_run.err) == (0, "")
    labels = {s["label"] for s in first_run.result["skipped"]}
    assert labels == EMPTY | {"zoo.KeeperName", "zoo.NowhereToBeFound"}
    assert first_run.failed == {}
    told = labels | set(first_run.made)
    assert {model._meta.label for model in managed()} <= told


def test_a_table_has_realistic_rows_and_one_for_each_edge_case(first_run: Outcome) -> None:
    few = {label: made for label, made in first_run.made.items() if made < 10}
    assert few == {"zoo.ChoiceKeyed": 3, "zoo.OneOfEachFlag": 2, "shop.Refund": few["shop.Refund"]}


def test_a_second_run_makes_nothing() -> None:
    again = seed_json()
    assert (again.code, again.made) == (0, {})
    assert again.result["rows"] == 0


# -- edge cases ---------------------------------------------------------------------------------------

HOLDS = {
    "every optional field empty": "SELECT count(*) FROM zoo_everyfieldoptional WHERE "
    'num_nulls(big_integer, "binary", boolean, char_unlimited, date, date_time, "decimal", duration, '
    'file_path, "float", image, "integer", ip, json, positive_big_integer, small_integer, "time", uuid) = 18 '
    "AND \"char\" = '' AND email = '' AND slug = '' AND text = '' AND url = '' AND file = ''",
    "every optional field set": "SELECT count(*) FROM zoo_everyfieldoptional WHERE "
    'num_nulls(big_integer, "binary", boolean, char_unlimited, date, date_time, "decimal", duration, '
    'file_path, "float", image, "integer", ip, json, positive_big_integer, small_integer, "time", uuid) = 0 '
    "AND \"char\" <> '' AND email <> '' AND slug <> '' AND text <> '' AND url <> ''",
    "text of the greatest length": 'SELECT count(*) FROM zoo_everyfield WHERE length("char") = 40',
    "a slug of the greatest length": "SELECT count(*) FROM zoo_everyfield WHERE length(slug) = 50",
    "the greatest bigint": "SELECT count(*) FROM zoo_everyfield WHERE big_integer = 9223372036854775807",
    "the least bigint": "SELECT count(*) FROM zoo_everyfield WHERE big_integer = -9223372036854775808",
    "the greatest smallint": "SELECT count(*) FROM zoo_everyfield WHERE small_integer = 32767",
    "the least smallint": "SELECT count(*) FROM zoo_everyfield WHERE small_integer = -32768",
    "the greatest decimal": 'SELECT count(*) FROM zoo_everyfield WHERE "decimal" = 99999.99',
    "the least decimal": 'SELECT count(*) FROM zoo_everyfield WHERE "decimal" = -99999.99',
    "zero": 'SELECT count(*) FROM zoo_everyfield WHERE "integer" = 0 AND "decimal" = 0 AND "float" = 0',
    "a zero at the end of a range": "SELECT count(*) FROM shop_plan WHERE price_cents = 0",
    "the end of a validator's range": "SELECT count(*) FROM shop_plan WHERE price_cents = 1000000",
    "a date long ago": "SELECT count(*) FROM zoo_everyfield WHERE date < '1950-01-01'",
    "a moment long ago": "SELECT count(*) FROM zoo_everyfield WHERE date_time < '1980-01-01'",
    "a soft-deleted row": "SELECT count(*) FROM shop_user WHERE deleted_at IS NOT NULL AND NOT is_active",
    "one more of them": "SELECT count(*) FROM zoo_softdeleted WHERE is_deleted AND deleted_at IS NOT NULL",
    "an expired period": "SELECT count(*) FROM shop_subscription WHERE period_end < '2026-06-01'",
    "a period that goes on": "SELECT count(*) FROM shop_subscription WHERE period_end > '2026-06-01'",
    "a parent without children": "SELECT count(*) FROM shop_user u WHERE NOT EXISTS "
    "(SELECT FROM shop_order WHERE user_id = u.id)",
    "a parent with many children": "SELECT count(*) FROM (SELECT FROM shop_order GROUP BY user_id "
    "HAVING count(*) >= 3) AS many",
    "a row that names itself or none": "SELECT count(*) FROM zoo_node WHERE parent_id IS NULL",
    "a row of a tree that has a parent": "SELECT count(*) FROM zoo_node WHERE parent_id IS NOT NULL",
}


@pytest.mark.parametrize("case", HOLDS)
def test_there_is_a_row_with(case: str) -> None:
    assert value(HOLDS[case]) > 0


def test_awkward_unicode_stands_in_free_text() -> None:
    texts = [
        text
        for (text,) in query('SELECT text FROM zoo_everyfield UNION ALL SELECT "char" FROM zoo_everyfield')
    ]
    awkward = {
        unicodedata.category(letter)
        for text in texts
        for letter in text
        if ord(letter) > 0xFFFF or unicodedata.combining(letter) or unicodedata.category(letter) == "Cf"
    }
    assert len(awkward) >= 2


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("shop.Order", "status"),
        ("shop.Subscription", "status"),
        ("shop.Payment", "method"),
        ("zoo.EveryChoice", "grouped"),
        ("zoo.EveryChoice", "called"),
        ("zoo.EveryChoice", "mapping"),
        ("zoo.EveryChoice", "enumerated"),
        ("zoo.Gate", "kind"),
    ],
)
def test_each_choice_occurs(model: str, field: str) -> None:
    found = apps.get_model(model)
    choices = {stored for stored, _ in found._meta.get_field(field).flatchoices}
    assert set(found._base_manager.values_list(field, flat=True)) == choices


# -- people, places, codes ----------------------------------------------------------------------------


def scripts_of(texts: list[str]) -> set[str]:
    """The scripts of the letters in these texts, as the first word of their Unicode names."""
    letters = {letter for text in texts for letter in text if letter.isalpha() and ord(letter) < 0x1F000}
    names = {unicodedata.name(letter, "").split()[0].removesuffix("-COMPATIBILITY") for letter in letters}
    return names - {"", "MATHEMATICAL", "FULLWIDTH", "MODIFIER", "FEMININE", "MASCULINE"}


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("shop.User", "first_name"),
        ("shop.User", "last_name"),
        ("shop.Order", "recipient_name"),
        ("shop.Order", "city"),
        ("shop.Order", "street"),
        ("zoo.Keeper", "name"),
        ("zoo.City", "name"),
    ],
)
def test_five_scripts_or_more_in_ten_rows(model: str, field: str) -> None:
    texts = list(apps.get_model(model)._base_manager.values_list(field, flat=True))
    assert len(texts) >= 10
    assert len(scripts_of(texts)) >= 5


def test_addresses_of_mail_are_at_reserved_domains() -> None:
    reserved = re.compile(r"@([\w-]+\.)*(example(\.(com|net|org))?|test|invalid|localhost)\Z")
    columns = [("shop_user", "email"), ("zoo_everyfield", "email"), ("zoo_everyunique", "email")]
    for table, column in columns:
        mails = [mail for (mail,) in query(f"SELECT {column} FROM {table}")]
        assert mails
        assert [mail for mail in mails if mail and not reserved.search(mail)] == []


def test_currencies_and_countries_are_codes_that_exist() -> None:
    for table, column, pattern in [
        ("shop_order", "currency", r"[A-Z]{3}"),
        ("shop_order", "country", r"[A-Z]{2}"),
        ("shop_user", "preferred_currency", r"[A-Z]{3}"),
    ]:
        codes = {code for (code,) in query(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")}
        assert len(codes) >= 3
        assert all(re.fullmatch(pattern, code) for code in codes)


def test_a_seeded_user_logs_in_with_the_documented_password() -> None:
    names = [name for (name,) in query("SELECT username FROM shop_user WHERE is_active")]
    assert names
    for name in names:
        assert authenticate(username=name, password="dbstate") is not None
        assert authenticate(username=name, password="something else") is None


def test_somebody_may_enter_the_admin() -> None:
    assert value("SELECT count(*) FROM shop_user WHERE is_active AND is_staff") > 0


# -- agreement ----------------------------------------------------------------------------------------

HOLDS_NOT = {
    "a total that is not the sum of the lines": "SELECT count(*) FROM shop_order o WHERE total_cents <> "
    "(SELECT coalesce(sum(quantity * unit_price_cents), 0) FROM shop_orderline WHERE order_id = o.id)",
    "a payment that is not its order's total": "SELECT count(*) FROM shop_payment p JOIN shop_order o "
    "ON o.id = p.order_id WHERE p.amount_cents <> o.total_cents OR p.currency <> o.currency",
    "a refund of more than the payment": "SELECT count(*) FROM shop_refund r JOIN shop_payment p "
    "ON p.id = r.payment_id WHERE r.amount_cents > p.amount_cents OR p.status <> 'captured'",
    "a keeper on another site": "SELECT count(*) FROM zoo_feeding f JOIN zoo_keeper k ON k.id = keeper_id "
    "JOIN zoo_enclosure e ON e.id = enclosure_id WHERE k.site_id <> e.site_id",
    "a friend of itself": "SELECT count(*) FROM zoo_friendship WHERE one_id = other_id",
    "a member who invited himself": "SELECT count(*) FROM zoo_visit WHERE member_id = invited_by_id",
    "a change before the creation": "SELECT count(*) FROM shop_product WHERE updated_at < created_at",
    "a product of the future": "SELECT count(*) FROM shop_product WHERE created_at > %s",
    "a ticket for a closed gate": "SELECT count(*) FROM zoo_ticket t JOIN zoo_gate g ON g.id = by_boolean_id "
    "WHERE NOT is_open",
    "a user of the future": "SELECT count(*) FROM shop_user WHERE date_joined > %s",
}


@pytest.mark.parametrize("case", HOLDS_NOT)
def test_there_is_no(case: str) -> None:
    sql = HOLDS_NOT[case]
    assert value(sql, *(["2026-06-02"] if "%s" in sql else [])) == 0


def test_there_are_amounts_to_agree_on() -> None:
    assert value("SELECT count(*) FROM shop_order WHERE total_cents > 0") >= 5
    assert value("SELECT count(*) FROM shop_refund WHERE amount_cents > 0") >= 1
    assert value("SELECT count(DISTINCT keeper_id) FROM zoo_feeding") >= 2


def test_generic_keys_name_rows_of_several_kinds() -> None:
    notes = list(apps.get_model("zoo.Note")._base_manager.all())
    assert all(note.subject is not None for note in notes)
    assert len({note.content_type_id for note in notes}) >= 2
