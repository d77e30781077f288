"""The plugin, as django-cms finds it."""

from __future__ import annotations

from cms.plugin_base import CMSPluginBase
from cms.plugin_pool import plugin_pool

from apps_of_ours.teasers.models import Teaser


@plugin_pool.register_plugin
class TeaserPlugin(CMSPluginBase):
    model = Teaser
    name = "Teaser"
    render_template = "page.html"
