"""Try the factories of the picky models; prints by name of the trial what went wrong, as JSON."""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from datetime import date
from tempfile import TemporaryDirectory

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

import factory  # noqa: E402 - settings come first
import hypothesis  # noqa: E402
import pytest  # noqa: E402
from django.core.files.base import ContentFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections, models, transaction  # noqa: E402
from django.db.models import Value  # noqa: E402
from django.db.models.functions import Now  # noqa: E402
from django.test import override_settings  # noqa: E402
from picky.models import (  # noqa: E402
    Allowed,
    Archive,
    Article,
    Bar,
    Basket,
    Bed,
    Board,
    Booking,
    Chicken,
    Chore,
    Country,
    Crew,
    Deed,
    Device,
    Effect,
    Egg,
    Employee,
    Entity,
    Fact,
    Flag,
    Follow,
    Gala,
    Gift,
    Grade,
    Graphed,
    Holder,
    Hopeless,
    Host,
    Item,
    Kind,
    Leg,
    Like,
    Line,
    Listened,
    Machine,
    Member,
    Owner,
    Page,
    Page3,
    Paper,
    Parcel,
    Pass,
    Payer,
    Printed,
    Refusing,
    Renaming,
    Reply,
    Schedule,
    Scoped,
    Section,
    Settings,
    Shop,
    Span,
    Squad,
    Stamped,
    Stray,
    Subscription,
    Thirdless,
    Topic,
    Venue,
    Visit,
    Ward,
    Word,
)

from dbstate.factories import (  # noqa: E402
    BadOverride,
    CannotMake,
    IntegrityRefused,
    LeftOut,
    ModelFactory,
    SharedSubFactory,
    UncleanRow,
    UnknownField,
    factory_for,
    new_test,
)
from dbstate.factories.strategies import strategy_for  # noqa: E402
from dbstate.values import NoValue  # noqa: E402

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
        assert (cause.member, cause.item) != (of.member, of.item)
        assert cause.member == of.member or cause.item == of.item


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


@trial
def a_row_of_its_own_table_has_a_one_to_one_parent_of_its_own() -> None:
    rows = [
        factory_for(Employee).create(mentor__hours=3, hours=8),
        factory_for(Employee).create_with_relations(mentor__hours=3),
        *factory_for(Employee).create_batch(2, bulk=True, mentor__hours=3),
        factory_for(Employee).save(factory_for(Employee).build(mentor__hours=3)),
    ]
    for row in rows:
        kept = Employee.objects.get(pk=row.pk)
        assert (kept.mentor.hours, kept.hours) == (3, row.hours)
        assert (kept.mentor == kept, kept.mentor.account == kept.account) == (False, False)


@trial
def a_row_stays_as_given_where_a_model_inherits_from_its_own() -> None:
    place = factory_for(Venue).create_with_relations(name="Old")
    assert (Venue.objects.get(pk=place.pk).name, Bar.objects.count()) == ("Old", 0)
    bar = factory_for(Bar).create(venue_ptr=place)
    assert (bar.name, Venue.objects.get().name, Bar.objects.get().name) == ("Old", "Old", "Old")


class FollowFactory(ModelFactory[Follow]):
    """As ``dbstate_factories`` writes it."""

    class Meta:
        model = Follow

    member = SharedSubFactory(factory_for(Member))


@trial
def a_generic_key_beside_a_declared_row_names_one() -> None:
    for made in (FollowFactory, factory_for(Follow)):
        rows = [*made.create_batch(2), *made.create_batch(2, bulk=True), made.save(made.build())]
        assert None not in [Follow.objects.get(pk=row.pk).followed for row in rows]


@trial
def few_values_are_all_made_before_one_comes_again() -> None:
    assert len({one.code for one in factory_for(Country).build_batch(60)}) == 60
    for bulk in (False, True):
        assert len({one.code for one in factory_for(Country).create_batch(30, bulk=bulk)}) == 30
    assert len({(one.letter, one.sign) for one in factory_for(Grade).create_batch(8, bulk=True)}) == 8


@trial
def rows_of_many_to_many_share_what_the_row_has() -> None:
    shop = factory_for(Shop).create()
    for given in ({"shop": shop}, {"shared": [shop]}, {}):
        item = factory_for(Item).create_with_relations(fans=2, **given)
        assert {fan.shop for fan in item.fans.all()} == {item.shop}
        assert not given or item.shop == shop


@trial
def rows_that_are_there_already_are_counted_and_changed() -> None:
    holder = factory_for(Holder).create_with_relations(pass__zone="b")
    assert Pass.objects.get(member=holder).zone == "b"
    made = factory_for(Pass).save(factory_for(Pass).build(zone="c"))
    assert (Pass.objects.get(pk=made.pk).zone, made.code) == ("c", f"signal-{made.member.pk}")
    hen = factory_for(Chicken).create_with_relations(egg_set=3)
    assert hen.egg_set.count() == 3
    page = factory_for(Page).create_with_relations(happenings=2)
    assert [one.actor for one in page.happenings.all()] == [page, page]


@trial
def a_built_parent_goes_in_with_the_rows_that_name_it() -> None:
    shop = factory_for(Shop).build()
    members = factory_for(Member).create_batch(2, bulk=True, shop=shop)
    assert {member.shop_id for member in Member.objects.filter(pk__in=[one.pk for one in members])} == {
        shop.pk
    }


@trial
def bulk_rows_have_slugs_that_count_up() -> None:
    assert {page.slug for page in factory_for(Page).create_batch(3, bulk=True)} == {"row-1", "row-2", "row-3"}


class ChoreFactory(ModelFactory[Chore]):
    class Meta:
        model = Chore
        django_get_or_create = ("label",)

    label = factory.LazyAttribute(lambda row: f"level {row.level}")


class MisspeltFactory(ModelFactory[Chore]):
    class Meta:
        model = Chore

    lable = "x"


@trial
def lazy_attributes_read_what_the_row_will_hold() -> None:
    for chore in [ChoreFactory.build(kind="n") for _ in range(6)]:
        assert (chore.label, chore.level) == ("level 1", 1)


@trial
def mistakes_name_the_field_and_the_value() -> None:
    with pytest.raises(UnknownField, match=r"'lable' of picky.Chore.*did you mean label"):
        MisspeltFactory.create()
    with pytest.raises(BadOverride, match=r"'double' of picky.Chore: the database computes it"):
        factory_for(Chore).create(double=4)
    with pytest.raises(BadOverride, match="in bulk: its factory looks rows up by label"):
        ChoreFactory.create_batch(2, bulk=True)


@trial
def save_takes_the_defaults_alone() -> None:
    assert [(crew.limits, crew.event_limits) for crew in factory_for(Crew).create_batch(2)] == [({}, {})] * 2
    assert [reply.parent_id for reply in factory_for(Reply).create_batch(2)] == [0, 0]


@trial
def a_table_that_others_fill_has_room_for_more() -> None:
    Word.objects.bulk_create([Word(code=f"x{number}") for number in range(60)])
    assert len({word.code for word in factory_for(Word).create_batch(5)}) == 5


@trial
def what_was_learned_of_one_row_leaves_given_ones_alone() -> None:
    assert all((row.shop is None) != (row.kind is None) for row in factory_for(Schedule).create_batch(2))
    for given in ({"kind": factory_for(Kind).create()}, {"shop": factory_for(Shop).create()}):
        assert factory_for(Schedule).create(**given).pk
    assert factory_for(Kind).create_with_relations(schedule_set=2).schedule_set.count() == 2


class DeviceFactory(ModelFactory[Device]):
    class Meta:
        model = Device

    config = {"mode": "b"}


@trial
def what_is_given_needs_no_value_to_be_found() -> None:
    assert factory_for(Device).create(config={"mode": "a"}).config == {"mode": "a"}
    assert factory_for(Device).build(config={"mode": "a"}).config == {"mode": "a"}
    assert [row.config["mode"] for row in DeviceFactory.create_batch(2, bulk=True)] == ["b", "b"]
    with pytest.raises(NoValue, match=r"picky.Device.config.*dbstate.meaning"):
        factory_for(Device).create()


@trial
def a_row_that_a_signal_made_is_not_complained_about() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UncleanRow)
        assert len({row.pk for row in factory_for(Pass).create_batch(3)}) == 3


class WardFactory(ModelFactory[Ward]):
    class Meta:
        model = Ward


class BedFactory(ModelFactory[Bed]):
    class Meta:
        model = Bed

    ward = SharedSubFactory(WardFactory)


@trial
def what_is_said_of_one_parent_comes_first() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UncleanRow)
        for given in ({"wing__name": "east"}, {"ward__wing__name": "east"}):
            bed = factory_for(Bed).create(**given)
            assert (bed.wing.name, bed.ward.wing.name) == ("east", "east")
            bed = BedFactory.create(**given)
            assert (bed.wing.name, bed.ward.wing.name) == ("east", "east")
        ward = factory_for(Ward).create()
        assert factory_for(Bed).create(ward_id=ward.pk).wing == ward.wing


@trial
def what_is_given_is_kept_while_other_values_are_tried() -> None:
    for given in ({"payer": factory_for(Payer).create()}, {"note": "mine"}, {"payer__name": "Ada"}):
        leg = factory_for(Leg).create(**given)
        assert (leg.debit is None) != (leg.credit is None)
    assert factory_for(Payer).create_with_relations(leg_set=2).leg_set.count() == 2
    with pytest.raises(ValueError, match="either debit or credit"):
        factory_for(Leg).create(debit=1, credit=1)


@trial
def rows_on_a_cycle_are_saved_without_a_key_where_they_can_be() -> None:
    board = factory_for(Board).create()
    assert board.pinned.board == Board.objects.get(pk=board.pk) == board
    assert Board.objects.get(pk=board.pk).pinned == board.pinned
    assert factory_for(Board).create_with_relations(note_set=2).note_set.count() == 2


@trial
def a_field_that_says_itself_which_rows_it_admits() -> None:
    assert [row.scope.scope for row in factory_for(Scoped).create_batch(3)] == ["b"] * 3
    assert factory_for(Scoped).create_batch(2, bulk=True)[1].scope.scope == "b"


@trial
def heirs_of_a_one_to_one_key() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UncleanRow)
        clean(*factory_for(Section).create_batch(2))
    clean(*factory_for(Section).create_batch(3, bulk=True))


@trial
def relations_that_are_hidden_are_left_alone() -> None:
    assert factory_for(Entity).create_with_relations().pk
    assert factory_for(Gala).create_with_relations(guests=2).guests.count() == 2


@trial
def what_cannot_be_filled_is_empty_where_it_may_be() -> None:
    assert [row.zip.name for row in factory_for(Archive).create_batch(2)] == ["", ""]
    flags = [row.chosen for row in factory_for(Flag).create_batch(5, bulk=True)]
    assert (flags.count(None), {*flags}) == (3, {True, False, None})


@trial
def an_init_that_refuses_and_a_str_that_needs_a_key() -> None:
    assert [row.number for row in factory_for(Refusing).create_batch(3)] == [1, 1, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UncleanRow)
        clean(*factory_for(Printed).create_batch(3))


@trial
def what_is_built_goes_where_the_factory_writes() -> None:
    payer = factory_for(Payer).build()
    leg = factory_for(Leg, using="other").create(payer=payer)
    assert (leg._state.db, payer._state.db) == ("other", "other")
    bar = factory_for(Bar).build()
    assert factory_for(type(bar), using="other").save(bar)._state.db == "other"


@trial
def a_signal_of_a_built_parent_makes_its_one_to_one_row() -> None:
    holder = factory_for(Holder).build()
    made = factory_for(Pass).create(member=holder, zone="b")
    assert (made.member, made.zone, Pass.objects.count()) == (holder, "b", 1)

    class HolderFactory(ModelFactory[Holder]):
        class Meta:
            model = Holder
            skip_postgeneration_save = True

        zoned = factory.RelatedFactory(factory_for(Pass), "member", zone="c")

    assert HolderFactory.create()._state.adding is False
    assert Pass.objects.filter(zone="c").count() == 1


@trial
def bulk_writes_what_save_writes() -> None:
    saved, loaded = factory_for(Stamped).create_batch(3), factory_for(Stamped).create_batch(3, bulk=True)
    for row in (*saved, *loaded):
        held = {f.attname: getattr(row, f.attname) for f in Stamped._meta.fields if f.name != "note"}
        assert Stamped.objects.get(**held).note == row.note
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT typeof(at), length(at), typeof(key), length(key) FROM picky_stamped")
        assert len({*cursor.fetchall()}) == 1


@trial
def rows_of_bulk_may_hold_expressions() -> None:
    one, two = factory_for(Stamped).create_batch(2, bulk=True, at=Now(), amount=Value(1) + Value(2))
    for row in (one, two):
        row.refresh_from_db()
        assert (row.amount, row.at.year >= 2026) == (3, True)
    with pytest.raises(IntegrityRefused, match=r"day = Value\(None\) \(given\)"):
        factory_for(Stamped).create_batch(2, bulk=True, at=Now(), day=Value(None))


@trial
def rules_of_validate_unique_hold_for_each_row() -> None:
    factory_for(Thirdless).create()
    clean(*factory_for(Thirdless).create_batch(12))


@trial
def dates_and_numbers_move_beside_given_ones() -> None:
    spans = factory_for(Span)
    late = spans.create(begins=date(2031, 1, 1))
    early = spans.create(ends=date(1990, 1, 1))
    high = spans.create(least=500_000)
    clean(late, early, high, *spans.create_batch(5))
    assert (late.begins, early.ends, high.least) == (date(2031, 1, 1), date(1990, 1, 1), 500_000)


@trial
def rows_of_bulk_are_such_as_clean_takes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UncleanRow)
        spans = factory_for(Span).create_batch(30, bulk=True)
        late = factory_for(Span).create_batch(5, bulk=True, begins=date(2031, 1, 1))
        prints = factory_for(Printed).create_batch(10, bulk=True)
    clean(*spans, *late, *prints)
    assert {span.begins for span in late} == {date(2031, 1, 1)}
    with pytest.warns(UncleanRow, match=r"picky\.Hopeless: the row: never"):
        factory_for(Hopeless).create_batch(2, bulk=True)
    assert Hopeless.objects.count() == 2


@trial
def strategies_move_dates_beside_given_ones() -> None:
    seen = []

    @hypothesis.settings(max_examples=5, database=None)
    @hypothesis.given(strategy_for(Span, begins=date(2031, 1, 1)))
    def draws(span: Span) -> None:
        span.full_clean()
        seen.append(span.begins)

    draws()
    assert {*seen} == {date(2031, 1, 1)}


@trial
def a_default_that_names_no_row_is_not_taken() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UncleanRow)
        clean(factory_for(Stray).create(), *factory_for(Stray).create_batch(2, bulk=True))
    there = factory_for(Entity).create(pk=149)
    assert factory_for(Stray).create().entity == there
    assert factory_for(Stray).create_with_relations().entity is not None


@trial
def many_to_many_is_added_from_the_side_that_has_the_field() -> None:
    entity = factory_for(Entity).create_with_relations(squads=2)
    assert entity.squads.count() == 2
    assert factory_for(Squad).create_with_relations().members.count() == 1


@trial
def a_check_that_wants_a_generic_key_is_met() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UncleanRow)
        facts = factory_for(Fact).create_batch(2)
    clean(*facts)
    assert all(fact.about is not None for fact in facts)


@trial
def files_are_there_in_each_folder_and_before_clean_reads_them() -> None:
    for bulk in (False, True):
        with TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
            with warnings.catch_warnings():
                warnings.simplefilter("error", UncleanRow)
                (paper,) = factory_for(Paper).create_batch(1, bulk=bulk)
            assert paper.file.path.startswith(folder)
            clean(paper)
            own = factory_for(Paper).create(file=ContentFile(b"mine", name="mine.txt"))
            assert (own.file.name, own.file.read()) == ("papers/mine.txt", b"mine")


@trial
def fields_that_are_called_as_words_of_a_call_are() -> None:
    factory_for(Graphed).create(edge=4, shared="me")
    seen = []

    @hypothesis.settings(max_examples=5, database=None)
    @hypothesis.given(strategy_for(Graphed), strategy_for(Graphed, save=True, edge=3))
    def draws(built: Graphed, saved: Graphed) -> None:
        seen.append((type(built.edge), saved.edge))

    draws()
    assert {*seen} == {(int, 3)}


@trial
def listeners_that_read_names_get_them() -> None:
    assert factory_for(Listened).build().price == 7
    assert factory_for(Listened).create(status="old").price == 7


@trial
def what_is_built_knows_its_database() -> None:
    for entity in (
        factory_for(Entity, using="other").build(),
        *factory_for(Entity, using="other").build_batch(1),
    ):
        assert entity._state.db == "other"


@trial
def what_other_code_is_refused_is_told_of_the_call() -> None:
    class ShopFactory(ModelFactory[Shop]):
        class Meta:
            model = Shop

        @classmethod
        def _create(cls, model_class: type[Shop], *args: object, **kwargs: object) -> Shop:
            return model_class.objects.create(**kwargs)

    ShopFactory.create(name="taken")
    with pytest.raises(IntegrityRefused, match=r"cannot create picky.Shop with name = 'taken' \(given\)"):
        ShopFactory.create(name="taken")
    with pytest.raises(IntegrityRefused, match="its unique rule"):
        ShopFactory.create_batch(2, name=factory.LazyAttribute(lambda made: "taken"))


@trial
def what_save_says_one_after_the_other_is_met() -> None:
    for _ in range(2):
        clean(*factory_for(Deed).create_batch(6))
        new_test()


@trial
def numbers_may_begin_where_the_factory_says() -> None:
    class KindFactory(ModelFactory[Kind]):
        class Meta:
            model = Kind

        name = factory.Sequence(lambda number: f"kind {number}")

        @classmethod
        def _setup_next_sequence(cls) -> int:
            return 100

    assert [one.name for one in KindFactory.create_batch(2)] == ["kind 100", "kind 101"]
    KindFactory.reset_sequence(7)
    assert KindFactory.build().name == "kind 7"


@trial
def bulk_leaves_out_no_create_of_the_team() -> None:
    class KindFactory(ModelFactory[Kind]):
        class Meta:
            model = Kind

        @classmethod
        def _create(cls, model_class: type[Kind], *args: object, **kwargs: object) -> Kind:
            return model_class.objects.create(**kwargs)

    with pytest.raises(BadOverride, match=r"KindFactory\._create\(\) would be left out"):
        KindFactory.create_batch(2, bulk=True)


@trial
def what_is_no_row_and_no_text_is_named() -> None:
    with pytest.raises(
        BadOverride, match=r"cannot set payer of picky\.Leg to 'Ada': it is no row; payer_id takes its"
    ):
        factory_for(Leg).create(payer="Ada")
    with pytest.raises(
        BadOverride, match=r"cannot set name of picky\.Shop to '.ud800': it holds half of a pair"
    ):
        factory_for(Shop).create(name="\ud800")


@trial
def a_table_that_has_all_its_rows_says_so() -> None:
    for place in ("top", "mid", "low"):
        Page3.objects.create(place=place)
    with pytest.raises((CannotMake, IntegrityRefused), match=r"picky\.Page3"):
        factory_for(Page3).create()


@trial
def rows_that_nobody_asked_for_are_left_out() -> None:
    with pytest.warns(
        LeftOut, match=r"picky\.Host\.stubborn_set is left without rows: RuntimeError: no row of this"
    ):
        host = factory_for(Host).create_with_relations()
    assert (host.docile_set.count(), host.stubborn_set.count()) == (1, 0)
    with pytest.raises(RuntimeError, match="no row of this"):
        factory_for(Host).create_with_relations(stubborn_set=1)


@trial
def fields_that_cannot_be_set_again_are_no_complaint() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UncleanRow)
        machines = factory_for(Machine).create_batch(4)
    assert [one.most % 2 for one in machines] == [1] * 4


@trial
def an_init_that_takes_other_names() -> None:
    assert factory_for(Renaming).create()._body
    assert factory_for(Renaming).build(_body="mine")._body == "mine"


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
