"""Meanings of numbers: money, counts, measures, parts of a date."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from dbstate.values.draw import Draw
from dbstate.values.meanings import Meaning
from dbstate.values.parts import NUMBER, Between, made_of

NUMBERS = ("integer", "decimal", "float")
REAL = ("decimal", "float")


def between(least: int, greatest: int, times: int = 1) -> Callable[[Draw], object]:
    """A function that draws a whole number, and multiplies it."""
    return made_of(Between(least, greatest))(lambda draw, number: number * times)


def hundredths(least: int, greatest: int) -> Callable[[Draw], object]:
    """A function that draws a number with two decimal places; bounds in hundredths."""
    return made_of(Between(least, greatest))(lambda draw, number: Decimal(number) / 100)


def amount(part: str) -> Callable[[Draw], object]:
    """A function that gives one of the row's amounts; in hundredths for whole-number columns of cents."""

    @made_of(f"money.{part}")
    def function(draw: Draw, number: Decimal) -> object:
        in_cents = draw.column.kind == "integer" and any(word in draw.column.field.lower() for word in CENTS)
        return number * 100 if in_cents else number

    return function


CENTS = ("cent", "minor", "pence", "amount", "penn")


@made_of("money.price")
def discount(draw: Draw, price: Decimal) -> object:
    """A tenth of the price."""
    return (price / 10).quantize(Decimal("0.01"))


@made_of("money.price")
def cost(draw: Draw, price: Decimal) -> object:
    """Two thirds of the price."""
    return (price * 2 / 3).quantize(Decimal("0.01"))


@made_of("money.rate")
def rate(draw: Draw, in_percent: Decimal) -> object:
    """A tax rate: per cent, or a fraction where a column holds nothing over one."""
    column = draw.column
    whole = (column.max_digits or 9) - (column.decimal_places or 0)
    return in_percent / 100 if column.kind == "decimal" and whole <= 1 else in_percent


@made_of(NUMBER)
def position(draw: Draw, number: int) -> object:
    """The row's place in its list."""
    return number + 1


def moment(part: str) -> Callable[[Draw], object]:
    """A function that gives a part of the row's creation date."""
    return made_of(f"period.created.{part}")(lambda draw, number: number)


@made_of(Between(5000, 20_000))
def exchange(draw: Draw, number: int) -> object:
    """Roughly one."""
    return Decimal(number) / 10_000


TRADE = (
    Meaning("lower bound", between(1, 10), r"^(min|minimum|lower|least|low|at_least)(_|$)|_(min|minimum|lower|least)$",
            kinds=NUMBERS, agrees=True, least=0),
    Meaning("upper bound", between(20, 100), r"^(max|maximum|upper|greatest|high|at_most)(_|$)|_(max|maximum|upper|limit)$|^limit$",
            kinds=NUMBERS, agrees=True, least=0),
    Meaning("tax rate", rate, r"(^|_)(tax|vat|gst)_?(rate|percent(age)?)$", kinds=NUMBERS, agrees=True, least=0,
            greatest=100),
    Meaning("tax", amount("tax"), r"(^|_)(tax|vat|gst|tax_?amount|taxes|total_?tax|vat_?amount|tax_(total|cents))$",
            kinds=NUMBERS, agrees=True, least=0),
    Meaning("discount", discount, r"(^|_)(discount|discount_?(amount|value|total)|rebate|savings?|reduction)(_cents)?$",
            kinds=NUMBERS, agrees=True, least=0),
    Meaning("percentage", between(1, 20, times=5), r"(^|_)(percent|percentage|pct|probability|progress|completion|share|"
            r"discount_?(percent|percentage|rate)|commission(_rate)?|interest(_rate)?|margin|confidence|ratio)$",
            kinds=NUMBERS, least=0, greatest=100),
    Meaning("exchange rate", exchange, r"(^|_)(exchange_?rate|conversion_?rate|fx_?rate|rate|factor|multiplier)$", kinds=REAL,
            least=0),
    Meaning("cost", cost, r"(^|_)(cost|cost_?price|purchase_?price|unit_?cost|wholesale_?price)(_cents|_amount)?$",
            kinds=NUMBERS, agrees=True, least=0),
    Meaning("net amount", amount("net"), r"(^|_)(net|net_?(amount|total|price)|sub_?total|subtotal|(price|total|amount)_"
            r"(excl|net).*|.*_excl_tax.*)(_cents)?$", kinds=NUMBERS, agrees=True, least=0),
    Meaning("total", amount("total"), r"(^|_)(total|gross|grand_?total|total_?(amount|price|cost|paid|sum|value)|"
            r"gross_?amount|(price|total|amount)_(incl|gross).*|.*_incl_tax.*|order_total)(_cents)?$", kinds=NUMBERS,
            agrees=True, least=0),
    Meaning("price", amount("price"), r"(^|_)(price|unit_?price|list_?price|sale_?price|retail_?price|base_?price|amount|fee|"
            r"charge|fare|salary|wage|budget|revenue|balance|payment|deposit|credit|debit|income|value_?amount|rent|"
            r"price_?(amount|value)|shipping_?(cost|price|fee)|tip|fine|bid|donation|refund|turnover|paid|due_?amount|"
            r"amount_?(paid|due|refunded)|cents)(_cents|_minor|_amount|_eur|_usd|_gbp)?$", kinds=NUMBERS, agrees=True,
            least=0),
    Meaning("quantity", between(1, 9), r"(^|_)(quantity|qty|count|units?|pieces|number_?of_.*|num_.*|n_.*|no_of_.*|copies|"
            r"seats|guests|participants|attendees|items?_count|.*_count|nb_.*|amount_of_.*|pages|views|likes|hits|clicks|"
            r"downloads|votes|attempts|retries|visits|uses|times_used)$", kinds=NUMBERS, least=0),
    Meaning("stock", between(0, 250), r"(^|_)(stock|num_?in_?stock|in_?stock|available|inventory|on_?hand|capacity|"
            r"stock_?level|stock_?quantity|allocated)$", kinds=NUMBERS, least=0),
    Meaning("weight", hundredths(10, 3000), r"(^|_)(weight|mass|weight_?kg|gross_?weight|net_?weight)(_[a-z]{1,2})?$",
            kinds=NUMBERS, least=0),
    Meaning("dimension", hundredths(500, 20_000), r"(^|_)(length|width|height|depth|diameter|radius|thickness|size|distance|"
            r"area|volume|altitude|elevation|(image|thumb)_?(width|height))(_(mm|cm|m|km|px|in|ft))?$", kinds=NUMBERS,
            least=0),
    Meaning("rating", between(1, 5), r"(^|_)(rating|stars|score|grade|rank_score|review_score|satisfaction|points)$", kinds=NUMBERS,
            least=0),
    Meaning("year", moment("year"), r"(^|_)year$", kinds=NUMBERS, agrees=True, least=1900, greatest=2100),
    Meaning("year", moment("year"), r"(^|_)year(_of_.*|_(founded|built|published|made))$", kinds=NUMBERS, least=1900,
            greatest=2100),
    Meaning("month", moment("month"), r"(^|_)month$", kinds=("integer",), agrees=True, least=1, greatest=12),
    Meaning("expiry month", between(1, 12), r"(^|_)exp(iry|iration)?_?month$", kinds=("integer",), least=1, greatest=12),
    Meaning("day", moment("day"), r"(^|_)(day|day_of_month)$", kinds=("integer",), agrees=True, least=1, greatest=28),
    Meaning("weekday", between(0, 6), r"(^|_)(week_?day|day_of_week|dow)$", kinds=("integer",), least=0, greatest=6),
    Meaning("hour", moment("hour"), r"(^|_)hours?$", kinds=("integer",), least=0, greatest=23),
    Meaning("minute", between(0, 59), r"(^|_)minutes?$", kinds=("integer",), least=0, greatest=59),
    Meaning("duration in seconds", between(60, 7200), r"(^|_)(duration|elapsed|timeout|ttl|interval|seconds|secs|"
            r"delay|period)(_(s|ms|sec|secs|seconds|minutes|mins|hours))?$", kinds=NUMBERS, least=0),
    Meaning("port", between(1024, 49_151), r"(^|_)port(_number)?$", kinds=("integer",), least=1, greatest=65_535),
    Meaning("bytes", between(500, 5_000_000), r"(^|_)(bytes|file_?size|size_?bytes|content_?length|byte_?size)$",
            kinds=NUMBERS, least=0),
    Meaning("temperature", hundredths(-500, 3500), r"(^|_)(temperature|temp)$", kinds=NUMBERS),
    Meaning("position", position, r"(^|_)(order|position|sort|sort_?order|display_?order|ordering|sequence|rank|priority|"
            r"index|idx|ordinal|seq|line_?number|line_?no|row_?number|sort_?index|weight_order)$", kinds=NUMBERS,
            agrees=True, least=0),
    # order_with_respect_to: Django gives the next row the greatest number and one more.
    Meaning("position", position, formats=("place",), kinds=("integer",), agrees=True, least=0, greatest=1_000_000),
)  # fmt: skip
