"""The projects that are seeded: third-party packages as a team would install them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Project:
    """Packages, the apps that they bring, and small apps of ours where they bring bases or fields only."""

    needs: tuple[str, ...]
    """Modules without which the project cannot run."""
    apps: tuple[str, ...]
    own: tuple[str, ...] = ()
    """Folders in ``apps_of_ours``."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_from: str = ""
    """Module whose settings come first, as the package asks for."""
    middleware: tuple[str, ...] = ()
    context_processors: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    """Models whose full_clean() refuses every saved row, and why; nobody can help that."""


OSCAR_APPS = (
    "analytics.apps.AnalyticsConfig",
    "checkout.apps.CheckoutConfig",
    "address.apps.AddressConfig",
    "shipping.apps.ShippingConfig",
    "catalogue.apps.CatalogueConfig",
    "catalogue.reviews.apps.CatalogueReviewsConfig",
    "communication.apps.CommunicationConfig",
    "partner.apps.PartnerConfig",
    "basket.apps.BasketConfig",
    "payment.apps.PaymentConfig",
    "offer.apps.OfferConfig",
    "order.apps.OrderConfig",
    "customer.apps.CustomerConfig",
    "search.apps.SearchConfig",
    "voucher.apps.VoucherConfig",
    "wishlists.apps.WishlistsConfig",
    "dashboard.apps.DashboardConfig",
    "dashboard.reports.apps.ReportsDashboardConfig",
    "dashboard.users.apps.UsersDashboardConfig",
    "dashboard.orders.apps.OrdersDashboardConfig",
    "dashboard.catalogue.apps.CatalogueDashboardConfig",
    "dashboard.offers.apps.OffersDashboardConfig",
    "dashboard.partners.apps.PartnersDashboardConfig",
    "dashboard.pages.apps.PagesDashboardConfig",
    "dashboard.ranges.apps.RangesDashboardConfig",
    "dashboard.reviews.apps.ReviewsDashboardConfig",
    "dashboard.vouchers.apps.VouchersDashboardConfig",
    "dashboard.communications.apps.CommunicationsDashboardConfig",
    "dashboard.shipping.apps.ShippingDashboardConfig",
)

PROJECTS: Mapping[str, Project] = {
    "contrib": Project(
        needs=(),
        apps=(
            "django.contrib.flatpages",
            "django.contrib.humanize",
            "django.contrib.postgres",
            "django.contrib.redirects",
        ),
    ),
    "oscar": Project(
        needs=("oscar", "sorl.thumbnail"),
        apps=(
            "django.contrib.flatpages",
            "oscar.config.Shop",
            *(f"oscar.apps.{name}" for name in OSCAR_APPS),
            "widget_tweaks",
            "haystack",
            "treebeard",
            "sorl.thumbnail",
            "django_tables2",
        ),
        settings_from="oscar.defaults",
        settings={
            "HAYSTACK_CONNECTIONS": {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
        },
        refused={"reviews.Vote": "Vote.clean() counts the vote itself among the earlier ones"},
    ),
    "wagtail": Project(
        needs=("wagtail",),
        own=("pages",),
        apps=(
            "wagtail.contrib.forms",
            "wagtail.contrib.redirects",
            "wagtail.contrib.search_promotions",
            "wagtail.contrib.settings",
            "wagtail.embeds",
            "wagtail.sites",
            "wagtail.users",
            "wagtail.snippets",
            "wagtail.documents",
            "wagtail.images",
            "wagtail.search",
            "wagtail.admin",
            "wagtail",
            "modelcluster",
            "taggit",
        ),
        settings={"WAGTAIL_SITE_NAME": "Demo", "WAGTAILADMIN_BASE_URL": "http://example.com"},
    ),
    "cms": Project(
        needs=("cms", "filer"),
        own=("teasers",),
        apps=("cms", "menus", "sekizai", "treebeard", "filer", "easy_thumbnails", "polymorphic"),
        settings={
            "CMS_CONFIRM_VERSION4": True,
            "CMS_PERMISSION": True,
            "CMS_TEMPLATES": [("page.html", "Page")],
            "X_FRAME_OPTIONS": "SAMEORIGIN",
            # The package's own manager is not yet one of treebeard's.
            "SILENCED_SYSTEM_CHECKS": ["treebeard.E001"],
        },
        middleware=("django.middleware.locale.LocaleMiddleware", "cms.middleware.user.CurrentUserMiddleware"),
        context_processors=(
            "cms.context_processors.cms_settings",
            "sekizai.context_processors.sekizai",
        ),
    ),
    "trees": Project(needs=("mptt", "treebeard"), apps=("mptt", "treebeard"), own=("woods",)),
    "scopes": Project(needs=("django_scopes",), apps=(), own=("talks",)),
    "translations": Project(needs=("parler",), apps=("parler",), own=("recipes",)),
    "polymorphism": Project(needs=("polymorphic",), apps=("polymorphic",), own=("animals",)),
    "fields": Project(
        needs=(
            "colorfield",
            "django_countries",
            "djmoney",
            "model_utils",
            "phonenumber_field",
            "phonenumbers",
            "taggit",
            "timezone_field",
        ),
        own=("things",),
        apps=("colorfield", "django_countries", "djmoney", "phonenumber_field", "taggit", "timezone_field"),
        settings={"PHONENUMBER_DEFAULT_REGION": "US", "CURRENCIES": ("USD", "EUR", "JPY")},
    ),
    "identities": Project(
        needs=("allauth", "guardian", "django_otp", "oauth2_provider", "rest_framework"),
        apps=(
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            "guardian",
            "django_otp",
            "django_otp.plugins.otp_hotp",
            "django_otp.plugins.otp_static",
            "django_otp.plugins.otp_totp",
            "oauth2_provider",
            "rest_framework",
            "rest_framework.authtoken",
        ),
        settings={
            "AUTHENTICATION_BACKENDS": [
                "django.contrib.auth.backends.ModelBackend",
                "guardian.backends.ObjectPermissionBackend",
            ]
        },
        middleware=("allauth.account.middleware.AccountMiddleware",),
    ),
    "records": Project(
        needs=("auditlog", "django_celery_beat", "django_celery_results", "reversion", "simple_history"),
        own=("polls",),
        apps=("auditlog", "django_celery_beat", "django_celery_results", "reversion", "simple_history"),
    ),
}
