"""What does not come back, or cannot be applied to rows, in migrations of packages, and why.

By project and migration; what is right to fail on rows, fails in a real project with rows, too. Those of
oscar and wagtail take eight minutes each: they are slow tests of environments that have these.
"""

from __future__ import annotations

from collections.abc import Mapping

_TODAY = "it uses today's models, which have columns that come later"
_NO_DEFAULT = "it adds a NOT NULL column without a default: it fails wherever there is a row"
_DROPPED = "it removes columns with their values: the reverse brings back empty ones"
_STAYS = "its reverse does nothing: what it wrote stays"
_MADE = "the rows that it makes stay when it is reversed"
_TABLE_GONE = "it drops a table with its rows: the reverse makes an empty one"
_NO_JSON = "it makes text JSON, which the migration before it has made ready; made text is none"

EXPLAINED: Mapping[str, Mapping[str, str]] = {
    "contrib": {},
    "oscar": {
        "address.0005_regenerate_user_address_hashes": _TODAY,
        "analytics.0002_auto_20140827_1705": _NO_DEFAULT,
        "basket.0002_auto_20140827_1705": _NO_DEFAULT,
        "basket.0010_convert_to_valid_json": _STAYS,
        "basket.0011_json_basket_option": _NO_JSON,
        "catalogue.0002_auto_20150217_1221": _NO_DEFAULT,
        "catalogue.0003_data_migration_slugs": _TODAY,
        "catalogue.0019_option_required": _STAYS,
        "communication.0003_remove_notification_category_make_code_uppercase": _DROPPED,
        "customer.0008_assign_permissions_to_staff": _STAYS,
        "order.0010_auto_20200724_0909": _DROPPED,
        "order.0012_convert_to_valid_json": _STAYS,
        "order.0013_json_option_value": _NO_JSON,
        "partner.0006_auto_20200724_0909": _DROPPED,
    },
    "wagtail": {
        "wagtailadmin.0001_create_admin_access_permissions": _MADE,
        "wagtailcore.0001_squashed_0016_change_page_url_path_to_text_field": _MADE,
        "wagtailcore.0025_collection_initial_data": _MADE,
        "wagtailcore.0027_fix_collection_path_collation": "its reverse does nothing: the collation stays",
        "wagtailcore.0036_populate_page_last_published_at": _STAYS,
        "wagtailcore.0045_assign_unlock_grouppagepermission": _MADE,
        "wagtailcore.0046_site_name_remove_null": "it fills the names that are NULL; these stay",
        "wagtailcore.0048_add_default_workflows": _MADE,
        "wagtailcore.0054_initial_locale": _MADE,
        "wagtailcore.0056_page_locale_fields_populate": _STAYS,
        "wagtailcore.0059_apply_collection_ordering": _STAYS,
        "wagtailcore.0069_log_entry_jsonfield": _NO_JSON,
        "wagtailcore.0071_populate_revision_content_type": _STAYS,
        "wagtailcore.0075_populate_latest_revision_and_revision_object_str": (
            "it reads the name of each object out of the revision's content, which made rows do not have"
        ),
        "wagtailcore.0081_populate_workflowstate_content_type": _STAYS,
        "wagtailcore.0086_populate_grouppagepermission_permission": _MADE,
        "wagtailcore.0090_remove_grouppagepermission_permission_type": _DROPPED,
        "wagtailcore.0091_remove_revision_submitted_for_moderation": _DROPPED,
        "wagtaildocs.0002_initial_data": _MADE,
        "wagtaildocs.0011_add_choose_permissions": (
            "its reverse names a permission of another state's models: migrate itself fails there alike"
        ),
        "wagtaildocs.0013_delete_uploadeddocument": _TABLE_GONE,
        "wagtailembeds.0007_populate_hash": _STAYS,
        "wagtailforms.0005_alter_formsubmission_form_data": _NO_JSON,
        "wagtailimages.0001_squashed_0021": _MADE,
        "wagtailimages.0026_delete_uploadedimage": _TABLE_GONE,
        "wagtailsearch.0007_delete_editorspick": _TABLE_GONE,
        "wagtailsearch.0008_remove_query_and_querydailyhits_models": _TABLE_GONE,
        "wagtailsearchpromotions.0005_switch_query_model": (
            "its new foreign key names rows that the migration before it has copied over; made ones are not"
        ),
    },
}
