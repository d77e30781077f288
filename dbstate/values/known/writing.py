"""Meanings that are words: names of things, titles, texts."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from dbstate.catalog import Column, Table
from dbstate.values.draw import Draw
from dbstate.values.known.people import PERSON_TABLES
from dbstate.values.locales import Word, frozen_locales
from dbstate.values.meanings import Meaning, found, snake

WRITTEN = (
    r"(^|_)(article|post|page|blog|news|entry|story|event|book|course|lesson|chapter|video|podcast|episode|paper|film|"
    r"movie|album|song|track|recipe|document|report|survey|poll|question|faq|thread|topic|issue|task|ticket|announcement|"
    r"message|note|comment|review|photo|image|gallery|slide|banner|campaign|newsletter|job|todo|item_list)s?$"
)
FIRMS = (
    r"(^|_)(company|companies|organi[sz]ations?|suppliers?|vendors?|manufacturers?|brands?|firms?|employers?|partners?|"
    r"publishers?|shops?|stores?|tenants?|business|businesses|agency|agencies|banks?|merchants?|carriers?|sponsors?|"
    r"institutions?|universit(y|ies)|schools?|hospitals?|clients?|restaurants?|hotels?|workspaces?|accounts?|labels?|"
    r"studios?|laborator(y|ies)|clinics?|airlines?|distributors?|dealers?|providers?)$"
)
GOODS = (
    r"(^|_)(products?|items?|articles_for_sale|goods|variants?|stock_?records?|stock|skus?|parts?|components?|assets?|"
    r"equipment|inventory|materials?|lines?|line_?items?|offerings?|gadgets?|devices?|books_for_sale|wares?)$"
)


def word_of(draw: Draw, kind: str) -> Word:
    """A text of the row's locale beside its English translation."""
    pool = getattr(draw.locale, kind)
    place = draw.shared(kind, len(pool))
    english = getattr(frozen_locales()[0], kind)[place]
    return Word(pool[place], english)


SUBJECTS: tuple[tuple[str, Callable[[Draw], Word]], ...] = (
    (PERSON_TABLES, lambda draw: draw.person.full),
    (r"(^|_)countr(y|ies)$", lambda draw: draw.person.locale.country_name),
    (r"(^|_)(city|cities|town|place|location|destination)s?$", lambda draw: draw.person.place.city),
    (FIRMS, lambda draw: draw.person.company()),
    (GOODS, lambda draw: word_of(draw, "products")),
    (WRITTEN, lambda draw: word_of(draw, "titles")),
    ("", lambda draw: word_of(draw, "categories")),
)
"""What rows are called, by patterns of their models' names: the first that fits counts."""


@lru_cache(maxsize=8192)
def subject_of(label: str) -> Callable[[Draw], Word]:
    """What the rows of a model are called: the words that names and slugs share."""
    model = snake(label.rpartition(".")[2])
    return next(words for pattern, words in SUBJECTS if found(pattern, model))


def subject(draw: Draw) -> Word:
    """What the row is called."""
    return subject_of(draw.table.label)(draw)


@lru_cache(maxsize=8192)
def slugged(text: str) -> str:
    """The text in lower-case ASCII and hyphens."""
    words = "".join(letter if letter.isalnum() else " " for letter in text.lower())
    return "-".join(words.encode("ascii", "ignore").decode().split()) or "item"


def name(draw: Draw) -> str:
    """The row's name."""
    return draw.shown(subject(draw))


def title(draw: Draw) -> str:
    """A headline; in tables of goods their name."""
    model = snake(draw.table.label.rpartition(".")[2])
    goods = found(GOODS, model) or found(FIRMS, model) or found(PERSON_TABLES, model)
    return name(draw) if goods else draw.shown(word_of(draw, "titles"))


def slug(draw: Draw) -> str:
    """The row's name in lower-case ASCII and hyphens."""
    text = slugged(subject(draw).ascii)
    room = draw.column.max_length or 200
    serial = f"-{draw.serial}" if draw.unique else ""
    cut = text[: max(room - len(serial), 0)].strip("-")
    return f"{cut}{serial}" if cut else draw.serial or text[:room]


def company(draw: Draw) -> str:
    """A firm."""
    return draw.shown(draw.person.company())


def product(draw: Draw) -> str:
    """A thing that is sold."""
    return draw.shown(word_of(draw, "products"))


def category(draw: Draw) -> str:
    """A word for many things."""
    return draw.shown(word_of(draw, "categories"))


def sentence(draw: Draw) -> str:
    """One sentence."""
    return draw.shown(word_of(draw, "sentences"))


def text(draw: Draw) -> str:
    """Two or three sentences."""
    locale = frozen_locales()[0] if draw.ascii else draw.locale
    start = draw.below(len(locale.sentences))
    count = draw.between(2, 3)
    return " ".join([locale.sentences[(start + place) % len(locale.sentences)] for place in range(count)])


def html(draw: Draw) -> str:
    """A paragraph of HTML."""
    return f"<p>{text(draw)}</p>"


def markdown(draw: Draw) -> str:
    """A heading and a paragraph in Markdown."""
    return f"# {draw.shown(word_of(draw, 'titles'))}\n\n{text(draw)}\n"


def status(draw: Draw) -> str:
    """A state of affairs."""
    return draw.choice(("new", "open", "active", "pending", "done", "closed"))


def kind(draw: Draw) -> str:
    """One of several sorts."""
    return draw.choice(("standard", "basic", "special", "internal", "other"))


def tag(draw: Draw) -> str:
    """A lower-case word."""
    return draw.shown(word_of(draw, "categories")).lower()


def short(draw: Draw) -> str:
    """A word for a column that says nothing of itself."""
    return draw.shown(word_of(draw, "categories"))


WORDS = (
    Meaning("company", company, r"(^|_)(company|company_?name|organi[sz]ation|organi[sz]ation_?name|employer|vendor|"
            r"supplier|manufacturer|brand|brand_?name|firm|business_?name|publisher|legal_?entity|institution|bank_?name|"
            r"merchant(_name)?|store_?name|shop_?name|trading_?name|affiliation|school|university)$"),
    Meaning("product", product, r"(^|_)(product|product_?(name|title)|item_?(name|title)|article_?name|model_?name)$"),
    Meaning("category", category, r"(^|_)(category|category_?name|genre|topic|department|section|group_?name|subcategory|"
            r"industry|sector|field_of_.*)$"),
    Meaning("tag", tag, r"(^|_)(tag|keyword|label)$", longest=60),
    Meaning("tags", lambda draw: ", ".join(dict.fromkeys((tag(draw), draw.locale.categories[draw.below(8)].lower()))),
            r"(^|_)(tags|keywords|labels|meta_?keywords)$"),
    Meaning("slug", slug, r"(^|_)(slug|url_?slug|permalink|url_?key|url_?name)$", formats=("slug",), coded=True,
            agrees=True, inside=True),
    Meaning("title", title, r"(^|_)(title|headline|heading|subject|subject_?line|caption|page_?title|seo_?title|"
            r"meta_?title|sub_?title|tagline|strapline|summary_?line|alt|alt_?text|kicker|teaser_?title|verb|"
            r"short_?description|description_?short|one_?liner)$"),
    Meaning("html", html, r"(^|_)(html|body_?html|html_?(body|content)|content_?html|rendered)$", shortest=40),
    Meaning("markdown", markdown, r"(^|_)(markdown|md|body_?md)$", shortest=100),
    Meaning("text", text, r"(^|_)(description|desc|body|content|text|bio|biography|about|abstract|details|story|summary|"
            r"excerpt|introduction|intro|teaser|terms|conditions|instructions|information|long_?description|overview|"
            r"lead|transcript|lyrics|meta_?description|seo_?description|answer|question|feedback|review)s?$", shortest=60),
    Meaning("sentence", sentence, r"(^|_)(description|desc|comment|note|notes|remark|message|msg|text|body|summary|content|"
            r"reason|explanation|observation|memo|feedback|answer|question|review|help_?text|hint|annotation|greeting|"
            r"quote|quotation|statement|info|instruction|purpose|motive|bio|about)s?$", shortest=12),
    Meaning("status", status, r"(^|_)(status|state|stage|phase|condition)$", coded=True, shortest=7),
    Meaning("type", kind, r"(^|_)(type|kind|mode|variant|tier|flavou?r|channel|role)$", coded=True, shortest=8),
    Meaning("name", name, r"^(name|label|display_?name|verbose_?name|short_?name|long_?name|caption|term)$|_name$",
            agrees=True),
)  # fmt: skip

SHORT = Meaning("words", short)
SENTENCE = Meaning("sentence", sentence)
TEXT = Meaning("text", text)


def describe(table: Table, column: Column) -> Meaning:
    """What a text column is about whose name says nothing: words, a sentence or more, by its room."""
    if column.max_length is None or column.max_length > 300:
        return TEXT
    return SENTENCE if column.max_length > 100 else SHORT
