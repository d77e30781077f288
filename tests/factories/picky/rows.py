"""Try the factories of the picky models; prints by name of the trial what went wrong, as JSON."""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

import factory  # noqa: E402 - settings come first
import pytest  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections, models, transaction  # noqa: E402
from picky.models import (  # noqa: E402
    Allowed,
    Article,
    Basket,
    Booking,
    Chicken,
    Effect,
    Egg,
    Gift,
    Item,
    Like,
    Line,
    Member,
    Owner,
    Parcel,
    Pass,
    Settings,
    Shop,
    Subscription,
    Topic,
    Visit,
)

from dbstate.factories import BadOverride, ModelFactory, factory_for, new_test  # noqa: E402

Trial = Callable[[], None]
TRIALS: dict[str, Trial] = {}


def trial(function: Trial) -> Trial:
    TRIALS[function.__name__] = function
    return function


def clean(*rows: models.Model) -> None:
    for row in rows:
        type(row)._base_manager.using(row._state.db).get(pk=row.pk).full_clean()


@trial
def a_row_that_a_signal_made_keeps_its_key() -> None:
    made = factory_for(Pass).create()
    assert made.code == f"signal-{made.member_id}"
    given = factory_for(Pass).create(code="mine", zone="z")
    assert (given.code, given.zone) == ("mine", "z")
    assert Pass.objects.count() == 2
    clean(made, given)


@trial
def optional_rows_that_clean_wants() -> None:
    rows = factory_for(Article).create_batch(8)
    clean(*rows)
    parts = Article.objects.filter(form="part")
    assert len({article.form for article in Article.objects.all()}) > 1
    assert Article.objects.count() == len(rows) + parts.count(), "rows made in vain are gone"


@trial
def parents_that_clean_wants() -> None:
    clean(*factory_for(Line).create_batch(6))
    assert Basket.objects.count() == 6


@trial
def parents_that_save_wants() -> None:
    factory_for(Gift).create_batch(6)
    assert {basket.status for basket in Basket.objects.all()} == {"open"}


@trial
def optional_rows_that_save_wants() -> None:
    assert all(row.shop or row.kind for row in factory_for(Subscription).create_batch(3))


@trial
def plain_text_that_save_wants() -> None:
    clean(*factory_for(Topic).create_batch(4))


@trial
def the_only_row_there_can_be() -> None:
    assert factory_for(Settings).create().pk == factory_for(Settings).create(title="b").pk == 1
    assert Settings.objects.get().title == "b"


@trial
def a_librarys_row_that_fits() -> None:
    rows = factory_for(Allowed).create_batch(3)
    assert {row.permission.content_type.model for row in rows} == {"shop"}
    built = factory_for(Allowed).build()
    factory_for(Allowed).save(built)


@trial
def one_to_one_parents_are_shared() -> None:
    clean(*factory_for(Owner).create_batch(2))
    shop = factory_for(Shop).create()
    assert factory_for(Owner).create(shared=[shop]).member.shop == shop
    assert factory_for(Owner).create().shop != shop


@trial
def another_database() -> None:
    for model in (Article, Line, Owner, Item, Like, Chicken):
        made = factory_for(model, using="other")
        rows = [made.create(), *made.create_batch(2, bulk=True), made.save(made.build())]
        assert {row._state.db for row in rows} == {"other"}, model
        assert not model._base_manager.using("default").exists(), model
        connections["other"].check_constraints()


@trial
def rows_between_and_rows_below() -> None:
    item = factory_for(Item).create_with_relations(fans=2, fans__name="Ada")
    assert [fan.name for fan in item.fans.all()] == ["Ada", "Ada"]
    boss = factory_for(Member).create_with_relations(staff=2)
    assert boss.staff.count() == 2
    assert boss.boss not in (None, boss)


@trial
def stubs_of_cycles_end() -> None:
    assert factory_for(Chicken).stub().egg.layer.egg is None
    assert factory_for(Egg).stub().layer.egg is not None


class MemberFactory(ModelFactory[Member]):
    class Meta:
        model = Member

    class Params:
        vip = factory.Trait(name="Vip")

    shop__name = "Corner"


class ItemFactory(ModelFactory[Item]):
    class Meta:
        model = Item
        skip_postgeneration_save = True

    likes = factory.RelatedFactoryList(factory_for(Like), factory_related_name="item", size=2)


@trial
def parts_of_inferred_rows_may_be_declared() -> None:
    assert MemberFactory.create().shop.name == "Corner"
    assert MemberFactory.create(shop__name="Mall").shop.name == "Mall"
    assert MemberFactory.build().shop.name == "Corner"


@trial
def traits_in_every_call() -> None:
    assert MemberFactory.create_with_relations(vip=True, staff=1).name == "Vip"
    assert len(factory_for(Shop).create_batch(1, bulk=True, edge_max=True)[0].name) == 30
    assert len(factory_for(Shop).create_with_relations(edge_max=True).name) == 30


@trial
def rows_of_post_generation_have_chains_of_their_own() -> None:
    for item in (ItemFactory.create(), *ItemFactory.create_batch(2, bulk=True)):
        assert Like.objects.filter(item=item).values("member").distinct().count() == 2
        assert {like.member.shop for like in item.like_set.all()} == {item.shop}


@trial
def children_in_an_override_are_told_apart() -> None:
    for model, name in ((Shop, "basket_set"), (Item, "fans")):
        with pytest.raises(BadOverride, match=rf"create_with_relations\({name}=2\)"):
            factory_for(model).create(**{name: 3})


@trial
def two_rows_of_one_chain_share_what_their_unique_key_lets_them() -> None:
    for effect in (factory_for(Effect).create(), *factory_for(Effect).create_batch(2, bulk=True)):
        cause, of = effect.cause, effect.of
        assert cause != of
        assert (cause.log, cause.shop) != (of.log, of.shop)
        assert cause.log == of.log or cause.shop == of.shop


@trial
def save_refuses_two_sums() -> None:
    for booking in factory_for(Booking).create_batch(3):
        assert (booking.credit is None) != (booking.debit is None)
    assert factory_for(Booking).create(debit=3, credit=None).debit == 3


@trial
def rows_that_are_missed_beside_the_parent_are_made() -> None:
    for parcel in factory_for(Parcel).create_batch(2):
        assert parcel.price == parcel.shop.tariff.rate * 3
    clean(*factory_for(Visit).create_batch(2))


def main() -> None:
    warnings.simplefilter("ignore")
    for alias in connections:
        call_command("migrate", database=alias, run_syncdb=True, verbosity=0)
    told = {}
    for name, function in TRIALS.items():
        new_test()
        told[name] = ""
        with transaction.atomic(), transaction.atomic(using="other"):
            try:
                function()
            except Exception:  # whatever it is, it is told
                told[name] = traceback.format_exc()
            transaction.set_rollback(True)
            transaction.set_rollback(True, using="other")
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
