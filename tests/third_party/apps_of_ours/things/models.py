"""Each field class in its usual spellings."""

from __future__ import annotations

import uuid

from colorfield.fields import ColorField
from django.db import models
from django_countries.fields import CountryField
from djmoney.models.fields import MoneyField
from djmoney.models.validators import MaxMoneyValidator, MinMoneyValidator
from model_utils import Choices
from model_utils.fields import MonitorField
from model_utils.models import SoftDeletableModel, StatusModel, TimeFramedModel, TimeStampedModel
from phonenumber_field.modelfields import PhoneNumberField
from taggit.managers import TaggableManager
from taggit.models import GenericUUIDTaggedItemBase, TaggedItemBase
from timezone_field import TimeZoneField


class Contact(models.Model):
    phone = PhoneNumberField()
    mobile = PhoneNumberField(unique=True)
    fax = PhoneNumberField(blank=True, region="DE")
    country = CountryField()
    countries = CountryField(multiple=True)
    zone = TimeZoneField(default="UTC")


class Product(models.Model):
    price = MoneyField(max_digits=10, decimal_places=2, default_currency="USD")
    cost = MoneyField(max_digits=14, decimal_places=4, null=True, blank=True, default_currency=None)
    limited = MoneyField(
        max_digits=8,
        decimal_places=2,
        default_currency="EUR",
        validators=[MinMoneyValidator(10), MaxMoneyValidator(1500)],
    )
    colour = ColorField()
    tint = ColorField(format="rgba", blank=True)
    tags = TaggableManager(blank=True)


class TaggedNote(GenericUUIDTaggedItemBase, TaggedItemBase):
    """Tags of models whose key is a uuid."""


class Note(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    text = models.TextField()
    tags = TaggableManager(through=TaggedNote)


class Article(StatusModel, TimeStampedModel, TimeFramedModel):
    STATUS = Choices("draft", "published")
    title = models.CharField(max_length=50)
    moved = MonitorField(monitor="status")


class Soft(SoftDeletableModel):
    name = models.CharField(max_length=20, unique=True)
