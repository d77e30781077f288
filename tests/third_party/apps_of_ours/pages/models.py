"""A site of every kind of content that wagtail has."""

from __future__ import annotations

from django.db import models
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from taggit.models import TaggedItemBase
from wagtail import blocks
from wagtail.contrib.forms.models import AbstractEmailForm, AbstractFormField
from wagtail.contrib.settings.models import BaseGenericSetting, BaseSiteSetting, register_setting
from wagtail.fields import RichTextField, StreamField
from wagtail.models import DraftStateMixin, Orderable, Page, RevisionMixin, Task, TranslatableMixin
from wagtail.snippets.models import register_snippet


class HomePage(Page):
    intro = RichTextField(blank=True)
    hero = models.ForeignKey(
        "wagtailimages.Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )


class StoryTag(TaggedItemBase):
    content_object = ParentalKey("pages.StoryPage", related_name="tagged_items", on_delete=models.CASCADE)


@register_snippet
class Author(DraftStateMixin, RevisionMixin, TranslatableMixin, ClusterableModel):
    name = models.CharField(max_length=100)

    class Meta(TranslatableMixin.Meta):
        verbose_name = "author"


class StoryPage(Page):
    date = models.DateField()
    body = StreamField(
        [
            ("heading", blocks.CharBlock(max_length=100)),
            ("quote", blocks.StructBlock([("text", blocks.TextBlock())])),
            ("numbers", blocks.ListBlock(blocks.IntegerBlock(min_value=1, max_value=9))),
        ]
    )
    aside = StreamField([("text", blocks.TextBlock())], blank=True)
    tags = ClusterTaggableManager(through=StoryTag, blank=True)
    authors = ParentalManyToManyField(Author, blank=True)


class StoryLink(Orderable):
    page = ParentalKey(StoryPage, on_delete=models.CASCADE, related_name="links")
    address = models.URLField()


class FormField(AbstractFormField):
    page = ParentalKey("pages.FormPage", related_name="form_fields", on_delete=models.CASCADE)


class FormPage(AbstractEmailForm):
    thanks = RichTextField(blank=True)


@register_setting
class PerSite(BaseSiteSetting):
    profile = models.URLField()


@register_setting
class Everywhere(BaseGenericSetting):
    title = models.CharField(max_length=20)


class Approval(Task):
    user = models.ForeignKey("auth.User", on_delete=models.CASCADE)
