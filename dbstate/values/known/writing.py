"""Meanings that are words: names of things, titles, texts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from dbstate.catalog import Column, Table
from dbstate.values.block import ColumnDraw
from dbstate.values.draw import Draw
from dbstate.values.known.people import PERSON_TABLES
from dbstate.values.locales import Locale, Word, frozen_locales, resolve_locales
from dbstate.values.meanings import Meaning, found, snake
from dbstate.values.parts import SERIAL, Made, Part, Path, made_of, one_of

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


@cache
def words_of(locales: tuple[str, ...], kind: str) -> tuple[tuple[Word, ...], ...]:
    """The texts of each locale beside their English translations."""
    english = getattr(frozen_locales()[0], kind)
    return tuple(tuple(map(Word, getattr(one, kind), english)) for one in resolve_locales(locales))


class Words(NamedTuple):
    """A text of the row's locale beside its English translation, the same for all columns of the row."""

    kind: str

    def of_row(self, draw: Draw) -> Word:
        """See Part."""
        texts = getattr(draw.locale, self.kind)
        place = draw.shared(self.kind, len(texts))
        return Word(texts[place], getattr(frozen_locales()[0], self.kind)[place])

    def of_column(self, draw: ColumnDraw) -> Iterable[Word]:
        """See Part."""
        block = draw.block
        words = block.of_locales(words_of(block.setting.locales, self.kind))
        places = block.entity(self.kind).below(1, block.sizes(self.kind)).tolist()
        return [of_locale[place] for of_locale, place in zip(words, places, strict=True)]


class Passage(NamedTuple):
    """Texts of the row's locale that follow one another: the locale, where they begin, and how many."""

    kind: str
    least: int
    most: int

    def of_row(self, draw: Draw) -> tuple[Locale, int, int]:
        """See Part."""
        start = draw.below(len(getattr(draw.locale, self.kind)))
        return draw.locale, start, draw.between(self.least, self.most)

    def of_column(self, draw: ColumnDraw) -> Iterable[tuple[Locale, int, int]]:
        """See Part."""
        starts = draw.below(draw.block.sizes(self.kind))
        counts = (self.least + draw.drawn(self.most - self.least + 1)).tolist()
        return zip(draw.block.locales, starts, counts, strict=True)


SUBJECTS: tuple[tuple[str, Part], ...] = (
    (PERSON_TABLES, Path("person.full")),
    (r"(^|_)countr(y|ies)$", Path("person.locale.country_name")),
    (r"(^|_)(city|cities|town|place|location|destination)s?$", Path("person.place.city")),
    (FIRMS, Path("person.company")),
    (GOODS, Words("products")),
    (WRITTEN, Words("titles")),
    ("", Words("categories")),
)
"""What rows are called, by patterns of their models' names: the first that fits counts."""
HEADED = (PERSON_TABLES, FIRMS, GOODS)
"""Those whose name is their title, too."""


@lru_cache(maxsize=8192)
def subject_of(label: str, headed: tuple[str, ...] = ()) -> Part:
    """What the rows of a model are called; with ``headed``, a headline unless the model is one of these."""
    model = snake(label.rpartition(".")[2])
    if headed and not any(found(pattern, model) for pattern in headed):
        return Words("titles")
    return next(words for pattern, words in SUBJECTS if found(pattern, model))


class Subject(NamedTuple):
    """What the row is called, by its table: the words that names and slugs share; see ``subject_of``."""

    headed: tuple[str, ...] = ()

    def of_row(self, draw: Draw) -> Word:
        """See Part."""
        found: Word = subject_of(draw.table.label, self.headed).of_row(draw)
        return found

    def of_column(self, draw: ColumnDraw) -> Iterable[Word]:
        """See Part."""
        return subject_of(draw.block.table.label, self.headed).of_column(draw)


@lru_cache(maxsize=8192)
def slugged(text: str) -> str:
    """The text in lower-case ASCII and hyphens."""
    words = "".join(letter if letter.isalnum() else " " for letter in text.lower())
    return "-".join(words.encode("ascii", "ignore").decode().split()) or "item"


@made_of(Subject())
def name(draw: Draw, word: Word) -> str:
    """The row's name."""
    return draw.shown(word)


@made_of(Subject(HEADED))
def title(draw: Draw, word: Word) -> str:
    """A headline; in tables of goods their name."""
    return draw.shown(word)


@made_of(Subject(), SERIAL)
def slug(draw: Draw, word: Word, serial: str) -> str:
    """The row's name in lower-case ASCII and hyphens."""
    text = slugged(word.ascii)
    room = draw.column.max_length or 200
    tail = f"-{serial}" if serial else ""
    cut = text[: max(room - len(tail), 0)].strip("-")
    return f"{cut}{tail}" if cut else serial or text[:room]


@made_of("person.company")
def company(draw: Draw, word: Word) -> str:
    """A firm."""
    return draw.shown(word)


def shown(kind: str) -> Made[str]:
    """A function that gives a text of this kind."""
    return made_of(Words(kind))(lambda draw, word: draw.shown(word))


product, category, sentence = shown("products"), shown("categories"), shown("sentences")


@made_of(Passage("sentences", 2, 3))
def text(draw: Draw, passage: tuple[Locale, int, int]) -> str:
    """Two or three sentences."""
    locale, start, count = passage
    sentences = (frozen_locales()[0] if draw.ascii else locale).sentences
    return " ".join([sentences[(start + place) % len(sentences)] for place in range(count)])


@made_of(Passage("sentences", 2, 3))
def html(draw: Draw, passage: tuple[Locale, int, int]) -> str:
    """A paragraph of HTML."""
    return f"<p>{text.function(draw, passage)}</p>"


@made_of(Words("titles"), Passage("sentences", 2, 3))
def markdown(draw: Draw, title: Word, passage: tuple[Locale, int, int]) -> str:
    """A heading and a paragraph in Markdown."""
    return f"# {draw.shown(title)}\n\n{text.function(draw, passage)}\n"


status = one_of("new", "open", "active", "pending", "done", "closed")
kind = one_of("standard", "basic", "special", "internal", "other")


@made_of(Words("categories"))
def tag(draw: Draw, word: Word) -> str:
    """A lower-case word."""
    return draw.shown(word).lower()


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

SHORT = Meaning("words", category)
SENTENCE = Meaning("sentence", sentence)
TEXT = Meaning("text", text)


def describe(table: Table, column: Column) -> Meaning:
    """What a text column is about whose name says nothing: words, a sentence or more, by its room."""
    if column.max_length is None or column.max_length > 300:
        return TEXT
    return SENTENCE if column.max_length > 100 else SHORT
