"""A plugin's model and a model of files."""

from __future__ import annotations

from cms.models import CMSPlugin
from cms.models.fields import PageField
from django.db import models
from filer.fields.file import FilerFileField
from filer.fields.image import FilerImageField


class Teaser(CMSPlugin):
    title = models.CharField(max_length=80)
    image = FilerImageField(null=True, blank=True, on_delete=models.SET_NULL)
    link = PageField(null=True, blank=True, on_delete=models.SET_NULL)


class Download(models.Model):
    name = models.CharField(max_length=80)
    file = FilerFileField(on_delete=models.CASCADE)
