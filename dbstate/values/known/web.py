"""Meanings of the web and of computers: addresses, paths, types, programs."""

from __future__ import annotations

from dbstate.values.draw import Draw
from dbstate.values.identifiers import ipv4, ipv6
from dbstate.values.known.writing import Subject, slug
from dbstate.values.locales import Word
from dbstate.values.meanings import Meaning
from dbstate.values.parts import SERIAL, Between, made_of, one_of


@made_of(Subject(), SERIAL)
def url(draw: Draw, word: Word, serial: str) -> str:
    """An address at a reserved domain that ends in the row's slug."""
    room = draw.column.max_length or 200
    start = "https://example.org/" if room >= 24 + len(serial) else "http://a.example/"
    if room < len(start) + len(serial):
        return ""
    text = start + slug.function(draw, word, serial)
    if len(text) <= room:
        return text
    return start + (serial or text[len(start) : room].strip("-"))


@made_of("person.local", SERIAL)
def domain(draw: Draw, local: str, serial: str) -> str:
    """A domain that is nobody's."""
    tail = f"-{serial}" if serial else ""
    room = (draw.column.max_length or 253) - len(".example")
    head = local.replace(".", "-")[: max(min(room, 60) - len(tail), 0)].strip("-")
    return f"{head or 'a'}{tail}.example"


def ip(draw: Draw) -> str:
    """An address for documentation."""
    six = draw.column.format == "ipv6" or "6" in draw.column.field
    return ipv6(draw) if six else ipv4(draw)


@made_of(Between(1, 99))
def setting_value(draw: Draw, number: int) -> str:
    """What JSON, YAML and int() read alike: projects load their tables of settings when they start."""
    return str(number)


AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1",
)
TYPES = ("text/plain", "text/html", "application/json", "application/pdf", "image/png", "image/jpeg")
ICONS = ("star", "user", "home", "heart", "search", "check", "bell", "cart")
EXTENSIONS = ("txt", "pdf", "png", "jpg", "csv")


@made_of(Between(0, len(AGENTS) - 1))
def agent(draw: Draw, place: int) -> str:
    """A browser's name for itself."""
    text = AGENTS[place]
    room = draw.column.max_length
    return text if room is None or room >= len(text) else text[:room].strip()


@made_of(Subject(), SERIAL)
def path(draw: Draw, word: Word, serial: str) -> str:
    """``/the-new-library/``."""
    room = draw.column.max_length or 200
    text = f"/{slug.function(draw, word, serial)}/"
    if len(text) <= room:
        return text
    return f"/{serial or text[1 : room - 1].strip('-')}/"


@made_of(SERIAL)
def file_path(draw: Draw, serial: str) -> str:
    """A sample file's path."""
    return f"samples/sample{'-' + serial if serial else ''}.txt"


@made_of(SERIAL)
def file_name(draw: Draw, serial: str) -> str:
    """A sample file's name."""
    return f"sample{'-' + serial if serial else ''}.txt"


method = one_of("GET", "POST", "PUT", "PATCH", "DELETE")
module = one_of("json", "decimal.Decimal", "collections.OrderedDict", "datetime.date", "pathlib.Path")
template = one_of("base.html", "index.html", "detail.html", "list.html")
css_class = one_of("btn", "btn-primary", "card", "highlight", "lead", "muted")


@made_of(Subject(), SERIAL)
def codename(draw: Draw, word: Word, serial: str) -> str:
    """An identifier in snake case."""
    return slug.function(draw, word, serial).replace("-", "_")


@made_of(Between(1, 999))
def json_text(draw: Draw, number: int) -> str:
    """A small JSON object as text."""
    return f'{{"id": {number}, "active": true}}'


@made_of(Between(0, 59), Between(0, 23))
def cron(draw: Draw, minute: int, hour: int) -> str:
    """A time of day for cron."""
    return f"{minute} {hour} * * *"


WEB = (
    Meaning("url", url, r"(^|_)(url|uri|website|web_?site|homepage|home_?page|link|href|permalink_url|web|site_?url|"
            r"(image|avatar|logo|video|audio|photo|thumbnail|callback|redirect|webhook|source|canonical|target|feed)_?url|"
            r"endpoint|callback|webhook|rss|redirect_uris?|external_?link)$", formats=("url",), coded=True, inside=True,
            shortest=17),
    Meaning("origin", one_of("https://example.org", "https://example.com", "https://example.net"),
            r"(^|_)(origins?|allowed_hosts?_urls?)$", tables=r"application|client|app|site|cors|webhook|config|setting",
            coded=True, shortest=19),
    Meaning("HTTP method", method, r"(^|_)(http|request)_?(method|verb)$",
            coded=True, shortest=6),
    Meaning("HTTP method", method, r"^method$",
            beside=r"(^|_)(url|uri|path|endpoint|status_?code)$", coded=True, shortest=6),
    Meaning("domain", domain, r"(^|_)(domain|domain_?name|host|host_?name|fqdn|server|server_?name|hostname|subdomain)$",
            coded=True, inside=True, shortest=10),
    Meaning("ip", ip, r"(^|_)(ip|ip_?addr(ess)?|ipv[46]|remote_?addr|client_?ip|last_?ip|user_?ip)$", coded=True,
            inside=True, formats=("ip", "ipv4", "ipv6"), shortest=15),
    Meaning("user agent", agent, r"(^|_)(user_?agent|browser|http_user_agent|ua)$", coded=True, shortest=20),
    Meaning("mime type", one_of(*TYPES), r"(^|_)(mime|mime_?type|content_?type|media_?type|"
            r"file_?type)$", coded=True, shortest=16),
    Meaning("file extension", one_of(*EXTENSIONS), r"(^|_)(ext|extension|file_?ext(ension)?)$",
            coded=True, shortest=3),
    Meaning("file name", file_name, r"(^|_)(file_?name|filename|original_?(file_?)?name|attachment_?name|document_?name)$",
            coded=True, inside=True, shortest=10),
    Meaning("file path", file_path, r"(^|_)(file_?path|file|folder|directory|storage_?path|upload|attachment|photo|image|"
            r"picture|avatar|logo|thumbnail|icon_?path)$", coded=True, inside=True, shortest=20),
    Meaning("path", path, r"(^|_)(path|url_?path|request_?path|route|location_?path|old_path|new_path)$", coded=True,
            inside=True, shortest=3, formats=("path",)),
    Meaning("template", template, r"^template$|(^|_)template_?(name|path|file)$", coded=True, shortest=11, longest=300),
    Meaning("python path", module, r"(^|_)(module|python_?path|dotted_?path|class_?path|import_?path|callable|"
            r"func|func_?(name|path)|class_?name|app_?path|handler)$", coded=True, shortest=23),
    Meaning("css class", css_class, r"(^|_)(css_?class(es)?|class_?names?|css|style_?class)$", coded=True, shortest=11),
    Meaning("icon", one_of(*ICONS), r"(^|_)(icon|icon_?name|icon_?class|glyph)$", coded=True,
            shortest=6),
    Meaning("code name", codename, r"(^|_)(code_?name|codename|machine_?name|system_?name|internal_?name|identifier|"
            r"app_?label|field_?name|table_?name|column_?name|attribute_?name|variable|setting_?name|param(eter)?)$",
            inside=False, coded=False),
    Meaning("setting value", setting_value, r"^(raw_?|serialized_?|default_?)?value$", coded=True, always=True,
            tables=r"(^|_)(settings?|preferences?|config|configuration|options?|parameters?|property|variables?)$",
            beside=r"^(key|name|setting|slug|code|identifier|option)$"),
    Meaning("json text", json_text, r"(^|_)(json|payload|metadata|meta_?data|raw_?data|extra_?data|serialized_data|"
            r"configuration_json)$", coded=True, shortest=30),
    Meaning("cron", cron, r"(^|_)(cron|crontab|cron_?(expression|schedule))$", coded=True, shortest=11),
)  # fmt: skip
