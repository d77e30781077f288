"""What does not come back, or cannot be applied to rows, in migrations of packages, and why.

By project and migration; what is right to fail on rows, fails in a real project with rows, too. Those of oscar
take nine minutes: they are slow tests of an environment that has it.
"""

from __future__ import annotations

from collections.abc import Mapping

_TODAY = "it uses today's models, which have columns that come later"
_NO_DEFAULT = "it adds a NOT NULL column without a default: it fails wherever there is a row"
_DROPPED = "it removes columns with their values: the reverse brings back empty ones"
_STAYS = "its reverse does nothing: what it wrote stays"
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
}
