"""Models whose clean() and save() want other rows, other parents, plain text, one row at most."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldError, ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.signals import m2m_changed, post_save, pre_init
from django.dispatch import receiver
from django.utils.text import slugify

STATES = ("new", "open", *(f"closed{number}" for number in range(40)))


class Shop(models.Model):
    name = models.CharField(max_length=30, unique=True)


class Kind(models.Model):
    name = models.CharField(max_length=30)


class Article(models.Model):
    """A part hangs below a whole; all others have a kind, of which clean() speaks in a method of its own."""

    form = models.CharField(max_length=8, choices=[("single", "s"), ("whole", "w"), ("part", "p")])
    kind = models.ForeignKey(Kind, on_delete=models.CASCADE, null=True, blank=True)
    whole = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True)

    def clean(self) -> None:
        getattr(self, f"_clean_{self.form}")()

    def _clean_single(self) -> None:
        if self.kind is None:
            raise ValidationError("An article must have a kind.")
        if self.whole is not None:
            raise ValidationError("Only a part belongs to another article.")

    _clean_whole = _clean_single

    def _clean_part(self) -> None:
        if self.whole is None:
            raise ValidationError("A part needs a whole.")
        if self.kind is not None:
            raise ValidationError("A part has the kind of its whole.")


class Basket(models.Model):
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE)
    status = models.CharField(max_length=8, choices=[(s, s) for s in STATES])


class Line(models.Model):
    """Its clean() looks at the parent."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE)

    def clean(self) -> None:
        if self.basket.status != "open":
            raise ValidationError("This basket takes no more lines.")


class Gift(models.Model):
    """The same in save()."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE)

    def save(self, *args: object, **kwargs: object) -> None:
        if self.basket.status != "open":
            raise PermissionError("cannot change a closed one")
        super().save(*args, **kwargs)


class Subscription(models.Model):
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.ForeignKey(Kind, on_delete=models.CASCADE, null=True, blank=True)

    def save(self, *args: object, **kwargs: object) -> None:
        if self.shop is None and self.kind is None:
            raise ValueError("At least shop or kind should be present")
        super().save(*args, **kwargs)


class Topic(models.Model):
    """What save() makes of its text is judged, too."""

    title = models.CharField(max_length=80)
    author_name = models.CharField(max_length=80)
    city = models.CharField(max_length=80)
    category = models.CharField(max_length=80)
    slug = models.SlugField(max_length=400)

    def save(self, *args: object, **kwargs: object) -> None:
        self.slug = slugify(
            f"{self.title} {self.author_name} {self.city} {self.category}", allow_unicode=True
        )
        super().save(*args, **kwargs)


class Settings(models.Model):
    """One row at most."""

    title = models.CharField(max_length=30)

    def save(self, *args: object, **kwargs: object) -> None:
        self.pk = 1
        super().save(*args, **kwargs)


class Allowed(models.Model):
    """The permission is one of the type of what it allows."""

    permission = models.ForeignKey(Permission, on_delete=models.CASCADE)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE)

    def save(self, *args: object, **kwargs: object) -> None:
        if self.permission.content_type != ContentType.objects.get_for_model(Shop):
            raise ValidationError("a permission of another type")
        super().save(*args, **kwargs)


class Member(models.Model):
    name = models.CharField(max_length=30)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE)
    boss = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="staff")


class Owner(models.Model):
    member = models.OneToOneField(Member, on_delete=models.CASCADE)
    shop = models.OneToOneField(Shop, on_delete=models.CASCADE)

    def clean(self) -> None:
        if self.member.shop_id != self.shop_id:
            raise ValidationError("a member of another shop")


class Item(models.Model):
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    fans = models.ManyToManyField(Member, through="Like", related_name="liked")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(price__gt=1), name="dear")]


class Like(models.Model):
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    item = models.ForeignKey(Item, on_delete=models.CASCADE)

    class Meta:
        unique_together = [("member", "item")]


class Chicken(models.Model):
    egg = models.ForeignKey("Egg", on_delete=models.CASCADE)


class Egg(models.Model):
    layer = models.ForeignKey(Chicken, on_delete=models.CASCADE)


class Pass(models.Model):
    """One for each holder, made by a signal with a key of its own."""

    code = models.CharField(max_length=40, primary_key=True)
    member = models.OneToOneField("Holder", on_delete=models.CASCADE)
    zone = models.CharField(max_length=5)


class Holder(models.Model):
    name = models.CharField(max_length=30)


@receiver(post_save, sender=Holder)
def issue_pass(sender: object, instance: Holder, created: bool, using: str, **kwargs: object) -> None:
    if created:
        Pass.objects.using(using).create(code=f"signal-{instance.pk}", member=instance, zone="a")


class Effect(models.Model):
    """Names two rows that may not agree in both of what they name."""

    cause = models.ForeignKey(Like, on_delete=models.CASCADE, related_name="effects")
    of = models.ForeignKey(Like, on_delete=models.CASCADE, related_name="causes")


class Booking(models.Model):
    """Either the one or the other sum, says save() alone."""

    credit = models.PositiveIntegerField(null=True, blank=True)
    debit = models.PositiveIntegerField(null=True, blank=True)

    def save(self, *args: object, **kwargs: object) -> None:
        if (self.credit is None) == (self.debit is None):
            raise TypeError("Either credit or debit must be set")
        super().save(*args, **kwargs)


class Tariff(models.Model):
    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, related_name="tariff")
    rate = models.PositiveSmallIntegerField()


class Parcel(models.Model):
    """Its price is that of a row which the shop need not have."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE)
    price = models.PositiveIntegerField(editable=False)

    def save(self, *args: object, **kwargs: object) -> None:
        self.price = self.shop.tariff.rate * 3
        super().save(*args, **kwargs)


class Visit(models.Model):
    """The same in clean()."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE)

    def clean(self) -> None:
        if self.shop.tariff.rate < 0:
            raise ValidationError("no shop pays visitors")


class Employee(models.Model):
    """Two of them never share an account."""

    account = models.OneToOneField(Holder, on_delete=models.CASCADE)
    mentor = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    hours = models.PositiveSmallIntegerField()


class Venue(models.Model):
    name = models.CharField(max_length=30)


class Bar(Venue):
    beers = models.PositiveIntegerField()


class Happening(models.Model):
    """What can be a row's own generic key, too: an earlier table than that of ``Follow``."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.CharField(max_length=64)
    actor = GenericForeignKey()


class Follow(models.Model):
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.CharField(max_length=64)
    followed = GenericForeignKey()

    class Meta:
        unique_together = [("content_type", "object_id")]


class Country(models.Model):
    code = models.CharField(max_length=2, primary_key=True, validators=[RegexValidator("^[A-Z]{2}$")])


class Grade(models.Model):
    letter = models.CharField(max_length=2, choices=[(one, one) for one in "ABCD"])
    sign = models.CharField(max_length=1, choices=[("+", "plus"), ("-", "minus")])

    class Meta:
        unique_together = [("letter", "sign")]


class CountingSlug(models.SlugField):
    """Asks the table for the next free one."""

    def pre_save(self, instance: models.Model, add: bool) -> str:
        rows, number = type(instance)._base_manager, 1
        while rows.filter(**{f"{self.attname}": f"row-{number}"}).exists():
            number += 1
        setattr(instance, self.attname, f"row-{number}")
        return f"row-{number}"


class Page(models.Model):
    slug = CountingSlug(unique=True, editable=False)
    happenings = GenericRelation(Happening)


class Chore(models.Model):
    kind = models.CharField(max_length=1, choices=[("a", "any"), ("n", "none")])
    level = models.IntegerField(choices=[(1, "1"), (5, "5"), (9, "9")])
    label = models.CharField(max_length=20)
    double = models.GeneratedField(
        expression=models.F("level") * 2, output_field=models.IntegerField(), db_persist=True
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(kind="n") | models.Q(level=1), name="none_is_1")
        ]


class Crew(models.Model):
    """What it may, says save() alone; nothing is the default."""

    limits = models.JSONField(default=dict)
    event_limits = models.JSONField(default=dict)

    def save(self, *args: object, **kwargs: object) -> None:
        for limits in (self.limits, self.event_limits):
            if not isinstance(limits, dict) or not all(value is True for value in limits.values()):
                raise TypeError("Limits must only contain True values")
        super().save(*args, **kwargs)


class Reply(models.Model):
    """Its parent is a number that must be one of a reply, or 0."""

    parent_id = models.IntegerField(default=0)
    word = models.CharField(max_length=30)

    def save(self, *args: object, **kwargs: object) -> None:
        if self.parent_id:
            Reply.objects.get(pk=self.parent_id)
        super().save(*args, **kwargs)


class Word(models.Model):
    """A table that migrations fill, by more rows than there are values for others."""

    code = models.CharField(max_length=3, unique=True, validators=[RegexValidator("^(aa|bb|cc|dd)[0-9]$")])


class Schedule(models.Model):
    """Exactly one of the two, says save()."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.ForeignKey(Kind, on_delete=models.CASCADE, null=True, blank=True)

    def save(self, *args: object, **kwargs: object) -> None:
        if (self.shop is None) == (self.kind is None):
            raise ValueError("One of shop and kind must be set, and only one")
        super().save(*args, **kwargs)


def is_a_mode(value: object) -> None:
    if value not in ({"mode": "a"}, {"mode": "b"}):
        raise ValidationError("it is no mode")


class Device(models.Model):
    """Nobody guesses what its configuration may be."""

    config = models.JSONField(validators=[is_a_mode])


class Wing(models.Model):
    name = models.CharField(max_length=20)


class Ward(models.Model):
    wing = models.ForeignKey(Wing, on_delete=models.CASCADE)


class Bed(models.Model):
    """In the wing that its ward is in."""

    wing = models.ForeignKey(Wing, on_delete=models.CASCADE)
    ward = models.ForeignKey(Ward, on_delete=models.CASCADE)

    def clean(self) -> None:
        if self.ward.wing_id != self.wing_id:
            raise ValidationError("another wing than the ward's")


class Payer(models.Model):
    name = models.CharField(max_length=20)


class Leg(models.Model):
    payer = models.ForeignKey(Payer, on_delete=models.CASCADE)
    debit = models.IntegerField(null=True, blank=True)
    credit = models.IntegerField(null=True, blank=True)
    note = models.CharField(max_length=20)

    def save(self, *args: object, **kwargs: object) -> None:
        if self.debit is not None and self.credit is not None:
            raise ValueError("either debit or credit must be set")
        super().save(*args, **kwargs)


class Board(models.Model):
    """Its save() takes a row that has a key for one that is there."""

    pinned = models.ForeignKey("Note", null=True, on_delete=models.CASCADE)

    def save(self, *args: object, **kwargs: object) -> None:
        if self.pk:
            type(self)._base_manager.using(kwargs.get("using")).get(pk=self.pk)
        super().save(*args, **kwargs)


class Note(models.Model):
    board = models.ForeignKey(Board, on_delete=models.CASCADE)


class ScopedKey(models.ForeignKey):
    """Says itself which rows it admits."""

    def get_limit_choices_to(self) -> dict[str, str]:
        return {"scope": "b"}


class Scope(models.Model):
    scope = models.CharField(max_length=1, choices=[("a", "A"), ("b", "B")])


class Scoped(models.Model):
    scope = ScopedKey(Scope, on_delete=models.CASCADE)


class Entity(models.Model):
    name = models.CharField(max_length=30)


class Container(models.Model):
    entity = models.OneToOneField(Entity, on_delete=models.CASCADE, primary_key=True)

    def __str__(self) -> str:
        return self.entity.name


class Section(Container):
    note = models.CharField(max_length=30)

    def clean(self) -> None:
        if not self.entity.name:
            raise ValidationError("no name")


class Gala(models.Model):
    """Its guests don't know of it."""

    guests = models.ManyToManyField(Entity, related_name="+")


class Archive(models.Model):
    """Its save() opens what is in the field, if anything is."""

    zip = models.FileField(blank=True)

    def save(self, *args: object, **kwargs: object) -> None:
        if self.zip:
            raise OSError("File is not a zip file")
        super().save(*args, **kwargs)


class Flag(models.Model):
    chosen = models.BooleanField(null=True, unique=True, default=None)


class Refusing(models.Model):
    """Its ``__init__`` refuses what is not positive."""

    number = models.IntegerField(choices=[(-1, "no"), (1, "yes")])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if self.number is not None and self.number < 0:
            raise ValidationError("it is negative")


class Printed(models.Model):
    """Its name is its key, and clean() wants one of two values empty."""

    gross = models.IntegerField(null=True, blank=True)
    net = models.IntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return "%d" % self.pk  # noqa: UP031 - as people write it

    def clean(self) -> None:
        if self.gross is not None and self.net is not None:
            raise ValidationError("gross or net")


class Stamped(models.Model):
    """Of types that a database writes in a form of its own."""

    at = models.DateTimeField()
    day = models.DateField()
    clock = models.TimeField()
    key = models.UUIDField()
    took = models.DurationField()
    amount = models.DecimalField(max_digits=6, decimal_places=2)
    note = models.JSONField(default=dict)


class Thirdless(models.Model):
    """A rule of its own in validate_unique()."""

    number = models.IntegerField()

    def validate_unique(self, exclude: object = None) -> None:
        super().validate_unique(exclude=exclude)
        if self.number % 3 == 0:
            raise ValidationError({"number": "it can be divided by three"})


class Span(models.Model):
    begins = models.DateField()
    ends = models.DateField()
    least = models.IntegerField(default=1)
    most = models.IntegerField(default=9)

    def clean(self) -> None:
        if self.ends <= self.begins:
            raise ValidationError("ends must lie after begins")
        if self.most <= self.least:
            raise ValidationError({"most": "must be more than least"})


class Stray(models.Model):
    """By default it names a row that nobody has made."""

    entity = models.ForeignKey(
        Entity, on_delete=models.CASCADE, null=True, blank=True, default=149, db_constraint=False
    )


class Squad(models.Model):
    members = models.ManyToManyField(Entity, related_name="squads")


@receiver(m2m_changed, sender=Squad.members.through)
def count_members(sender: object, instance: Squad, **kwargs: object) -> None:
    """As people write it: of the side that has the field."""
    assert instance.members.count() >= 0


class Fact(models.Model):
    """About a country or about a row of any kind, which a CHECK alone says."""

    country = models.ForeignKey(Country, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.ForeignKey(ContentType, on_delete=models.CASCADE, null=True, blank=True)
    number = models.IntegerField(null=True, blank=True)
    about = GenericForeignKey("kind", "number")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(country__isnull=True, number__isnull=False), name="about_any_row"
            ),
        )


class Paper(models.Model):
    file = models.FileField(upload_to="papers")

    def clean(self) -> None:
        if not self.file.size:
            raise ValidationError("empty")


class Graphed(models.Model):
    """Its fields are called as words of a call are."""

    edge = models.IntegerField()
    shared = models.CharField(max_length=9)


class Listened(models.Model):
    price = models.IntegerField(default=4)
    status = models.CharField(max_length=9, default="new")


@receiver(pre_init, sender=Listened)
def set_price(sender: object, args: tuple[object, ...], kwargs: dict[str, object], **rest: object) -> None:
    """Reads names, as ``Model(**values)`` gives them."""
    if not args:
        kwargs["price"] = 7


class Deed(models.Model):
    """Its save() says one thing after the other."""

    signed = models.BooleanField()
    sealed = models.BooleanField()
    remark = models.CharField(max_length=20, blank=True)
    kind = models.CharField(
        max_length=9, choices=[("will", "w"), ("gift", "g"), ("sale", "s")], default="sale"
    )

    def save(self, *args: object, **kwargs: object) -> None:
        if not (self.signed and self.sealed):
            raise ValueError(f"deed {id(self)} must be signed and sealed")
        if self.remark:
            raise ValueError(f"what is this remark: {self.remark!r}?")
        if self.kind != "sale":
            raise ValueError("no kind but the usual one")
        super().save(*args, **kwargs)


class Hopeless(models.Model):
    number = models.IntegerField()

    def clean(self) -> None:
        raise ValidationError("never")


class Page3(models.Model):
    """Room for three rows."""

    place = models.CharField(max_length=3, unique=True, choices=[("top", "t"), ("mid", "m"), ("low", "l")])


class Host(models.Model):
    name = models.CharField(max_length=20)


class Stubborn(models.Model):
    host = models.ForeignKey(Host, on_delete=models.CASCADE)

    def save(self, *args: object, **kwargs: object) -> None:
        raise RuntimeError("no row of this")


class Docile(models.Model):
    """Its save() says itself that the row is new."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE)

    def save(self, **kwargs: object) -> None:
        super().save(force_insert=True, **kwargs)


class Protected:
    """Holds a state, and lets nobody set it once it is there."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: models.Model | None, owner: object) -> object:
        return self if instance is None else instance.__dict__.get(self.name)

    def __set__(self, instance: models.Model, value: object) -> None:
        if self.name in instance.__dict__:
            raise AttributeError("Direct state modification is not allowed")
        instance.__dict__[self.name] = value


class StateField(models.CharField):
    def contribute_to_class(self, cls: type[models.Model], name: str, **kwargs: object) -> None:
        super().contribute_to_class(cls, name, **kwargs)
        setattr(cls, name, Protected(name))


class Machine(models.Model):
    state = StateField(max_length=9, default="new")
    most = models.IntegerField(default=1)

    def clean(self) -> None:
        if self.most % 2 == 0:
            raise ValidationError("most is even")


class Renaming(models.Model):
    """Its ``__init__`` takes a field by another name alone."""

    _body = models.CharField(max_length=40)

    def __init__(self, *args: object, **kwargs: object) -> None:
        if "_body" in kwargs:
            raise FieldError("_body can not be used: give body")
        if "body" in kwargs:
            kwargs["_body"] = kwargs.pop("body")
        super().__init__(*args, **kwargs)
