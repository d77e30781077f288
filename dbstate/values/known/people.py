"""Meanings about people: names, addresses for mail, phones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from dbstate.values.block import ColumnDraw
from dbstate.values.draw import Draw, address_part, both_names, reference
from dbstate.values.locales import Locale, Word, resolve_locales
from dbstate.values.meanings import Meaning
from dbstate.values.parts import SERIAL, Moment, Shared, made_of, one_of

DOMAINS = ("example.org", "example.com", "example.net")
PERSON_TABLES = (
    r"(^|_)(user|person|people|customer|client|author|employee|member|contact|patient|student|teacher|profile|guest|"
    r"subscriber|owner|artist|actor|player|driver|passenger|visitor|speaker|staff|agent|doctor|nurse|candidate|"
    r"applicant|participant|attendee|voter|citizen|lead|instructor|coach|writer|donor|volunteer|resident|tenant_user|"
    r"recipient|sender|buyer|seller|child|parent|friend|account_holder|creator|reviewer|musician|director|spouse|"
    r"keeper|groomer|editor|manager|officer|worker|tutor|pupil|trainer|singer|character|human|reader|borrower|"
    r"reporter|operator|referee|chef|pilot|farmer|politician|scientist|inventor|composer|winner|rider)s?$"
)


@made_of("person.given")
def given(draw: Draw, name: Word) -> str:
    """Given name."""
    return draw.shown(name)


@made_of("person.family")
def family(draw: Draw, name: Word) -> str:
    """Family name."""
    return draw.shown(name)


def middle(draw: Draw) -> str:
    """A second given name."""
    locale = draw.person.locale
    pool = locale.female if draw.person.sex == "female" else locale.male
    return draw.shown(draw.choice(pool))


@made_of("person.given", "person.family", "person.locale")
def full(draw: Draw, given: Word, family: Word, locale: Locale) -> str:
    """Given and family name."""
    return f"{given.ascii} {family.ascii}" if draw.ascii else both_names(given.native, family.native, locale)


@made_of("person.given", "person.family")
def initials(draw: Draw, given: Word, family: Word) -> str:
    """Two capital letters."""
    return given.ascii[:1].upper() + family.ascii[:1].upper()


@made_of("person.local", SERIAL)
def username(draw: Draw, local: str, serial: str) -> str:
    """``anna.kowalska``; with the number where it must be unique."""
    room = draw.column.max_length or 150
    name = local[: max(room - len(serial), 0)]
    return (name.rstrip(".") + serial) or "u"


@made_of("person.local", SERIAL, Shared("mail", len(DOMAINS)))
def email(draw: Draw, local: str, serial: str, domain: int) -> str:
    """An address at a domain that is nobody's, by the person's name."""
    room = draw.column.max_length or 254
    tail = f".{serial}" if serial else ""
    host = DOMAINS[domain]
    if room < 16 + len(tail):
        host = "b.example"
        tail = serial
    space = room - len(host) - 1 - len(tail)
    local = local[: max(space, 0)].rstrip(".")
    return f"{local or ('' if tail else 'a')}{tail if local else serial}@{host}"


def phone(draw: Draw) -> str:
    """A number that is valid in the person's country, in E.164; national digits where that is too long."""
    locale = draw.locale
    # Rows of one locale count through its numbers; each locale starts elsewhere.
    pool = resolve_locales(draw.setting.locales)
    turn = draw.row // len(pool) + 7919 * pool.index(locale)
    if draw.unique and draw.row // len(pool) >= 10**locale.phone_digits:
        raise IndexError(f"row {draw.row} has no phone number left")
    number = draw.digits(locale.phone_digits, number=turn % 10**locale.phone_digits)
    text = locale.phone + number
    room = draw.column.max_length
    if draw.column.kind != "text":
        return text[1:]
    return text if room is None or room >= len(text) else text[-room:]


@made_of("person.sex")
def sex(draw: Draw, word: str) -> str:
    """The person's sex, as a word or a letter."""
    room = draw.column.max_length
    return word[0].upper() if room is not None and room < 6 else word


@made_of("person.sex")
def salutation(draw: Draw, sex: str) -> str:
    """Ms or Mr."""
    return "Ms" if sex == "female" else "Mr"


JOBS = (
    "Accountant", "Architect", "Baker", "Carpenter", "Designer", "Electrician", "Engineer", "Gardener", "Librarian",
    "Nurse", "Pharmacist", "Project manager", "Software developer", "Teacher", "Translator", "Warehouse clerk",
)  # fmt: skip


job = one_of(*JOBS)


@made_of(Moment("birth"))
def age(draw: Draw, born: datetime) -> int:
    """Whole years since the row's birth date."""
    now, _ = reference(draw.setting.now)
    return (now - born).days * 4 // 1461


class Password(NamedTuple):
    """The run's encoded password, or a text that never is one."""

    def of_row(self, draw: Draw) -> str:
        """See Part."""
        return draw.setting.password or "!" + draw.letters(40, "0123456789abcdefghijklmnopqrstuvwxyz")

    def of_column(self, draw: ColumnDraw) -> Iterable[str]:
        """See Part."""
        known = draw.block.setting.password
        return [known] * draw.block.count if known else draw.each(self.of_row)


@made_of(Password())
def password(draw: Draw, text: str) -> str:
    """The encoded password that logs in, or one that never does."""
    return text


def handle(draw: Draw) -> str:
    """A short name without a dot."""
    return address_part(draw.person.given.ascii) + (draw.serial or str(draw.between(10, 99)))


PEOPLE = (
    Meaning("password", password, r"(^|_)(password|passwd|pwd|password_hash|encoded_password)$", formats=("password",),
            coded=True, inside=True, agrees=True, shortest=20),
    Meaning("email", email, r"(^|_)e_?mail(_?addr(ess)?)?(_\d)?$|(^|_)mail_?address$|^mail$|"
            r"(^|_)(b?cc|reply_?to|e?mail_?(from|to))(_addr(ess)?(es)?)?$", formats=("email",),
            coded=True, inside=True, agrees=True, shortest=11),
    Meaning("phone", phone, r"(^|_)(phone|mobile|telephone|tel|cell|fax|whatsapp|msisdn|phone_?(number|no)|cell_?phone|"
            r"mobile_?(number|phone|no)|telephone_?number|contact_?number|fax_?number)(_\d)?$", formats=("phone",),
            kinds=("text", "integer"), coded=True, inside=True, shortest=6),
    Meaning("given name", given, r"(^|_)(first_?names?|given_?names?|forenames?|fname|prenom|vorname|christian_?name)$",
            agrees=True),
    Meaning("middle name", middle, r"(^|_)(middle_?names?|second_?name|patronymic|mname)$"),
    Meaning("family name", family, r"(^|_)(last_?names?|family_?names?|sur_?names?|lname|nachname|maiden_?name)$",
            agrees=True),
    Meaning("initials", initials, r"(^|_)initials$", coded=True),
    Meaning("user name", username, r"(^|_)(user_?name|login|login_?name|user_?id|screen_?name|uid|account_?name)$",
            inside=True, agrees=True, shortest=4),
    Meaning("nickname", handle, r"(^|_)(nick|nick_?name|handle|alias|twitter|github|instagram|telegram|skype)"
            r"(_(user|handle|account|name|id))?$", inside=True, shortest=8),
    Meaning("full name", full, r"(^|_)(full_?name|real_?name|legal_?name|display_?name|contact_?(name|person)|"
            r"person_?name|(author|owner|recipient|sender|customer|client|employee|guest|patient|student|teacher|payer|"
            r"payee|buyer|seller|holder|cardholder|card_?holder|applicant|guardian|beneficiary|signer|reviewer|editor|"
            r"speaker|driver|passenger|reporter|manager|account_?holder|emergency_?contact|mother|father|spouse|"
            r"attention|addressee)_?s?(_?name)?|name_?on_?card|signature_?name|signed_?by|"
            r"photographer|composer|byline)$", agrees=True),
    Meaning("full name", full, r"^(name|full|label|display|title)$", tables=PERSON_TABLES, agrees=True),
    Meaning("full name", full, r"^(name|full|display)$", beside=r"^(contact_|author_|user_)?e_?mail(_address)?$",
            tables=r"^(?!.*(compan|organi[sz]ation|supplier|vendor|manufacturer|brand|firm|employer|publisher|shop|store|"
            r"tenant|business|agency|bank|merchant|team|group|school|universit|hospital|hotel|restaurant|site|product|"
            r"template|list|event|account|venue|club|department|project|plan|channel|campaign|newsletter))",
            agrees=True),
    Meaning("full name", full, r"^(name|holder|owner)$", tables=r"(^|_)(bank_?|credit_?|debit_?|payment_?)?cards?$", agrees=True),
    Meaning("sex", sex, r"(^|_)(sex|gender)$", coded=True, agrees=True),
    Meaning("salutation", salutation, r"(^|_)(salutation|honorific|name_?prefix|courtesy_?title)$", coded=True),
    Meaning("salutation", salutation, r"^(title|prefix)$", coded=True, longest=12),
    Meaning("salutation", salutation, r"^title$", tables=r"address$", coded=True, longest=64),
    Meaning("job", job, r"(^|_)(job|job_?title|occupation|profession|position_?title|role_?title)$"),
    Meaning("job", job, r"(^|_)position$", tables=PERSON_TABLES),
    Meaning("age", age, r"(^|_)age(_?years)?$", kinds=("integer", "float", "decimal"), least=0, greatest=120,
            agrees=True),
)  # fmt: skip
