"""``dbstate_factories``: files that a team owns, added to and never overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[2]

MODELS = '''
from django.db import models


class Author(models.Model):
    """Who writes."""

    name = models.CharField(max_length=40)


class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    editor = models.ForeignKey(Author, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=80, unique=True)
    genre = models.CharField(max_length=8, choices=[("novel", "novel"), ("poems", "poems")])
'''


class Project:
    """A Django project of one app, ``books``, in its own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "books").mkdir()
        (folder / "books" / "__init__.py").touch()
        self.models(MODELS)
        (folder / "settings.py").write_text(
            dedent(
                """
                SECRET_KEY = "x"
                INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "dbstate", "books"]
                DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
                DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
                USE_TZ = True
                """
            )
        )

    def models(self, text: str) -> None:
        (self.folder / "books" / "models.py").write_text(text)

    @property
    def file(self) -> Path:
        return self.folder / "books" / "factories.py"

    def run(self, *arguments: str, code: int = 0) -> str:
        done = self.python("-m", "django", "dbstate_factories", *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": f"{self.folder}:{ROOT}",
        }
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_the_file_is_readable_and_usable_at_once(project):
    assert "books/factories.py: written, 2 changes" in project.run()
    text = project.file.read_text()
    assert text.index("class AuthorFactory(ModelFactory[Author]):") < text.index("class BookFactory")
    for line in (
        "    author = SharedSubFactory(AuthorFactory)",
        '        genre_poems = Trait(genre="poems")',
        "        with_editor = Trait(editor=SharedSubFactory(AuthorFactory))",
        "        title: title, another in each row, at most 80 characters",
        '    """Who writes.',
    ):
        assert line in text
    code = """
        import django; django.setup()
        from books.factories import BookFactory
        book = BookFactory.build(genre_poems=True, with_editor=True, author__name="Ada")
        assert book.genre == "poems" and book.author.name == "Ada" and book.editor is not book.author
        assert len(BookFactory.build(edge_max=True).title) == 80
        """
    done = project.python("-c", dedent(code))
    assert done.returncode == 0, done.stderr
    formatted = project.python(
        "-m", "ruff", "format", "--check", "--isolated", "--line-length=88", str(project.file)
    )
    assert formatted.returncode == 0, formatted.stdout
    assert "nothing is missing" in project.run()
    assert project.run("--check") == ""


def test_what_a_person_wrote_stays_and_what_is_new_is_added(project):
    project.file.write_text(
        dedent(
            '''
            """Ours."""
            import factory
            from dbstate import ModelFactory

            from books.models import Author   # keep me


            class WriterFactory( ModelFactory[Author] ):
                class Meta:
                    model = Author

                name = factory.Sequence("writer {}".format)  # and me
            '''
        )
    )
    before = project.file.read_text()
    project.run()
    text = project.file.read_text()
    kept = before.replace("import Author   # keep me", "import Author, Book   # keep me")
    kept = kept.replace(
        "from dbstate import ModelFactory",
        "from dbstate import ModelFactory\nfrom dbstate.factories import SharedSubFactory, Trait",
    )
    assert text.startswith(kept.rstrip())
    assert "author = SharedSubFactory(WriterFactory)" in text
    assert "AuthorFactory" not in text
    done = project.python(
        "-c",
        "import django; django.setup(); from books.factories import BookFactory as B; "
        "print(B.build().author.name)",
    )
    assert done.stdout.strip() == "writer 0", done.stderr


def test_a_new_field_is_named_then_added(project):
    project.run()
    more = """
    pages = models.PositiveIntegerField()
    printer = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="+")
"""
    project.models(MODELS + more)
    told = project.run("--check", code=1)
    assert "books.Book.pages is not described" in told
    assert "books.Book.printer is not declared" in told
    assert "+    printer = SharedSubFactory(AuthorFactory)" in project.run("--diff")
    project.run()
    text = project.file.read_text()
    assert "        pages: pages" in text or "        pages: " in text
    assert project.run("--check") == ""


def test_a_new_choice_gets_its_trait(project):
    project.run()
    project.models(MODELS.replace('("poems", "poems")', '("poems", "poems"), ("essay", "essay")'))
    assert "books.Book has no trait genre_essay" in project.run("--check", code=1)
    project.run()
    assert 'genre_essay = Trait(genre="essay")' in project.file.read_text()
    assert project.run("--check") == ""


def test_a_renamed_field_is_named_with_what_stands_for_it(project):
    project.run()
    project.models(MODELS.replace("author = models", "writer = models").replace("title =", "heading ="))
    told = project.run("--check", code=1)
    assert "books.Book.author BookFactory declares a field that is not there" in told
    assert "books.Book.writer is not declared" in told
    assert "books.Book.heading is not described" in told
    assert "change that yourself" in project.run(code=1)
    text = project.file.read_text()
    assert "author = SharedSubFactory(AuthorFactory)" in text
    assert "writer = SharedSubFactory(AuthorFactory)" in text


def test_a_removed_model_is_named(project):
    project.run()
    project.models(MODELS.partition("class Book")[0])
    assert "BookFactory is of a model that is not there" in project.run("--check", code=1)


def test_bad_files_and_apps_are_refused(project):
    project.file.write_text("class (:\n")
    assert "cannot read" in (told := project.run(code=2))
    assert "line 1" in told
    assert project.file.read_text() == "class (:\n"
    assert "did you mean" in project.run("boks", code=2)
    assert "dbstate_factories auth --output FILE" in project.run("auth", code=2)


def test_third_party_apps_go_to_a_file_of_the_project(project):
    assert "no models of its own tables" in project.run("contenttypes", "--output", "theirs.py", code=2)
    project.run("auth", "--output", "theirs.py")
    code = "import django; django.setup(); from theirs import UserFactory as U; print(U.build().username)"
    done = project.python("-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_a_class_that_ends_in_its_traits_gets_relations_and_traits(project):
    project.models(MODELS.replace("author = models.ForeignKey(Author, on_delete=models.CASCADE)", "pass"))
    project.run("books")
    assert project.file.read_text().splitlines()[-1].startswith("        with_editor = Trait(")
    more = 'state = models.CharField(max_length=5, choices=[("new", "new")])'
    project.models(f"{MODELS}    {more}\n")
    assert "added to" in project.run("books")
    assert "author = SharedSubFactory" in project.file.read_text()
    assert project.run("books", "--check") == ""


def test_a_second_factory_of_a_model_is_the_team_s(project):
    project.run("books")
    whole = project.file.read_text()
    second = (
        'class LongBookFactory(BookFactory):\n    class Meta:\n        model = Book\n\n    title = "Long"\n'
    )
    project.file.write_text(f"{whole}\n\n{second}")
    assert project.run("books", "--check") == ""
    project.file.write_text(f"{whole}\n\n{second.replace('title', 'titel')}")
    told = project.run("books", "--check", code=1)
    assert "books.Book.titel LongBookFactory declares a field that is not there" in told
    nested = second.replace('title = "Long"', 'author = SharedSubFactory(AuthorFactory, nmae="Ann")')
    project.file.write_text(f"{whole}\n\n{nested}")
    told = project.run("books", "--check", code=1)
    assert "books.Book.author__nmae LongBookFactory declares a field that is not there" in told


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["\t", "  "])
def test_line_ends_and_indentation_stay(project, end, indent):
    lines = ["from dbstate import ModelFactory", "from books.models import Book", "", ""]
    lines += ["class BookFactory(ModelFactory[Book]):", "|class Meta:", "||model = Book", ""]
    text = end.join(lines).replace("|", indent)
    project.file.write_bytes(text.encode())
    project.run("books")
    written = project.file.read_bytes()
    assert set(text.split(end)) <= {*written.decode().split(end), "from books.models import Book"}
    assert written.count(b"\r\n") == (written.count(b"\n") if end == "\r\n" else 0)
    assert project.run("books", "--check") == ""


def test_a_class_that_cannot_be_read_is_named_and_never_shadowed(project):
    hidden = "import sys\nfrom dbstate import ModelFactory\nfrom books.models import Author\n\n"
    hidden += "if sys.version_info > (3,):\n\n    class AuthorFactory(ModelFactory[Author]):\n"
    project.file.write_text(hidden + "        class Meta:\n            model = Author\n")
    assert "AuthorFactory is there, but no class whose Meta names the model" in project.run("books", code=1)
    assert project.file.read_text().count("class AuthorFactory") == 1


def test_a_folder_of_factories_is_named(project):
    (project.folder / "books" / "factories").mkdir()
    told = project.run("books", code=2)
    assert "books/factories: it is a package" in told
    assert "--output books/factories/models.py" in told
    assert not project.file.exists()


@pytest.mark.slow
def test_a_file_in_an_encoding_that_it_does_not_name_is_left_alone(project):
    project.file.write_bytes("# déjà\n".encode("latin-1"))
    assert "cannot read books/factories.py: invalid or missing encoding" in project.run("books", code=2)
    assert project.file.read_bytes() == "# déjà\n".encode("latin-1")


@pytest.mark.slow
@pytest.mark.parametrize(("first", "encoding"), [("", "utf-8-sig"), ("# coding: latin-1\n", "latin-1")])
def test_a_file_is_read_and_written_in_its_own_encoding(project, first, encoding):
    project.file.write_bytes(f"{first}# déjà\n".encode(encoding))
    project.run("books")
    assert project.file.read_bytes().startswith(f"{first}# déjà\n".encode(encoding))
    assert "class BookFactory" in project.file.read_bytes().decode(encoding)
    assert project.run("books", "--check") == ""


@pytest.mark.slow
def test_installed_packages_are_not_written_to(project):
    place = project.folder / "lib" / "site-packages"
    place.mkdir(parents=True)
    told = project.run("auth", "--output", str(place / "theirs.py"), code=2)
    assert "theirs.py is among installed packages; name a file of the project" in told
    assert not [*place.iterdir()]


def test_a_choice_that_was_removed_is_named_wherever_it_is_set(project):
    project.run("books")
    project.file.write_text(
        project.file.read_text()
        + '\n\nclass PoemsFactory(BookFactory):\n    genre = "poems"\n    titel = "x"\n'
    )
    told = project.run("books", "--check", code=1)
    assert told == "books/factories.py: books.Book.titel PoemsFactory declares a field that is not there\n"
    given = "class NoteFactory(ModelFactory[Note]):\n    class Meta:\n        model = Note\n\n"
    given = f'{project.file.read_text()}\n\n{given}    book = SharedSubFactory(BookFactory, genre="poems")\n'
    project.file.write_text(given.replace("import Author, Book", "import Author, Book, Note"))
    note = "class Note(models.Model):\n    book = models.ForeignKey(Book, on_delete=models.CASCADE)\n"
    project.models(MODELS.replace(', ("poems", "poems")', "") + note)
    user = 'class Reader(ModelFactory):\n    class Meta:\n        model = "auth.User"\n\n    nmae = "x"\n'
    project.file.write_text(f"{project.file.read_text()}\n\n{user}")
    told = project.run("books", "--check", code=1)
    assert 'books.Book.genre trait genre_poems of BookFactory sets "poems", which is no choice' in told
    assert 'books.Book.genre PoemsFactory sets "poems", which is no choice' in told
    assert "auth.User.nmae Reader declares a field that is not there" in told
    assert 'books.Book.genre NoteFactory, for book, sets "poems", which is no choice' in told


@pytest.mark.slow
def test_what_is_no_field_by_its_nature_is_not_named(project):
    project.run("books")
    more = """

        class NightFactory(BookFactory):
            class Meta:
                model = Book
                exclude = ("hour", "night")
                rename = {"headline": "title"}

            class Params:
                loud = False

            hour = 3
            headline = "Late"
            sequel = factory.RelatedFactory("books.factories.BookFactory")
            author__name = "Ann"


        class LateFactory(NightFactory):
            hour = 4
            loud = True
        """
    project.file.write_text(f"import factory\n{project.file.read_text()}{dedent(more)}")
    assert project.run("books", "--check") == ""


def test_traits_join_those_that_a_person_wrote(project):
    lines = ["import factory", "from .models import Book", "from dbstate import ModelFactory", "", ""]
    lines += [
        "class BookFactory(ModelFactory[Book]):",
        '    """Ours."""',
        "",
        "    class Meta: model = Book",
        "",
    ]
    lines += ['    class Params: verse = factory.Trait(genre="poems", title="Verse")  # mine', ""]
    project.file.write_text("\n".join(lines))
    project.run("books")
    assert project.file.read_text().count("class Params") == 1
    code = "import django; django.setup(); from books.factories import BookFactory as B; "
    code += "print(B.build(verse=True).title, B.build(genre_novel=True).genre)"
    done = project.python("-c", code)
    assert done.stdout.split() == ["Verse", "novel"], done.stderr
    assert "from .models import Author, Book\n" in project.file.read_text()
    assert project.run("books", "--check") == ""


@pytest.mark.slow
def test_a_class_on_one_line_grows(project):
    head = "from dbstate import ModelFactory\n\nfrom .models import Book\n\n\n"
    base = "class Base(ModelFactory):\n    class Meta:\n        model = Book\n        abstract = True\n\n\n"
    project.file.write_text(f"{head}{base}class BookFactory(Base): pass  # mine\n")
    project.run("books")
    code = "import django; django.setup(); from books.factories import BookFactory as B; "
    done = project.python("-c", f"{code} print(B.build(genre_novel=True).genre)")
    assert done.stdout.split() == ["novel"], done.stderr
    assert "class BookFactory(Base):\n    pass  # mine\n" in project.file.read_text()
    assert project.run("books", "--check") == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "taken",
    [
        "def AuthorFactory(): ...",
        "AuthorFactory = None",
        "from os import path as AuthorFactory",
        "try:\n    import AuthorFactory\nexcept ImportError:\n    pass",
    ],
)
def test_a_name_of_the_file_is_never_shadowed(project, taken):
    project.file.write_text(f"{taken}\n")
    assert "books.Author has no factory that can be read: AuthorFactory is there" in project.run(
        "books", code=1
    )
    assert "class AuthorFactory" not in project.file.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("imports", "written"),
    [
        ("from .models import *", "Author"),
        ("from . import models", "models.Author"),
        ("import books.models", "books.models.Author"),
        ("if __debug__:\n    from books.models import Author, Book", "Author"),
        (
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from books.models import Book\n"
            "    from dbstate.factories import SharedSubFactory",
            "'books.Author'",
        ),
        ("from django.apps import apps\n\nA = apps.get_model('books', 'Author')", "A"),
        ("", "'books.author'"),
    ],
)
def test_a_model_is_known_however_it_is_written(project, imports, written):
    head = f"{imports}\nfrom dbstate import ModelFactory\n\n\nclass Writer(ModelFactory):\n    class Meta:\n"
    project.file.write_text(f"{head}        model = {written}\n")
    project.run("books")
    assert "author = SharedSubFactory(Writer)" in project.file.read_text()
    assert "class BookFactory(ModelFactory[Book])" in project.file.read_text()
    done = project.python(
        "-c", "import django; django.setup(); import books.factories as f; f.BookFactory.build()"
    )
    assert done.returncode == 0, done.stderr


ODD = r"""
import datetime
from decimal import Decimal

from django.db import models


class Q(models.Model):
    '''"Quoted" back\\\\slash. Second sentence.'''
    QUOTES = ["it's", 'say "hi"', 'it\'s "x"', "two\nlines", "A+", "A-", "back\\slash", "★", "q" * 80]
    quote = models.CharField(max_length=90, choices=[(one, one) for one in QUOTES])
    yes = models.BooleanField(choices=[(True, "yes"), (False, "no")])
    level = models.IntegerField(choices=[(-1, "below"), (1, "above")])
    rate = models.DecimalField(max_digits=3, decimal_places=2, choices=[(Decimal("0.50"), "half")])
    day = models.DateField(choices=[(datetime.date(2024, 2, 29), "leap day")])
    referrer = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True)

    class Inner(models.Model):
        q = models.ForeignKey("books.Q", on_delete=models.CASCADE)

    class Other(models.Model):
        pass


class QFactory(models.Model):
    a_relation_with_a_name_that_is_long_enough_to_fill_a_line_by_itself = models.ForeignKey(
        Q, on_delete=models.CASCADE
    )
    optional_one_with_a_name_that_is_long_enough_to_fill_a_line = models.ForeignKey(
        Q, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )


class Trait(Q):
    class Meta:
        proxy = True


class AModelWithANameThatIsLongEnoughForItsClassToBreakTheLine(models.Model):
    pass


def hidden():
    class Hidden(models.Model):
        pass


hidden()


class Job(models.Model):
    build = models.ForeignKey(Q, models.CASCADE)
"""


def test_odd_models_get_files_that_are_formatted_and_work(project):
    project.models(ODD)
    project.file.write_text("from datetime import datetime\n\nnow = datetime.now\n")
    project.run("books")
    code = """
        import django; django.setup()
        import books.factories as f
        from books.models import Q, Trait
        row = f.QFactory.build(yes_false=True, level_minus_1=True, rate_0_50=True, day_2024_02_29=True)
        assert (row.yes, row.level, str(row.rate), str(row.day)) == (False, -1, "0.50", "2024-02-29")
        assert f.QFactory.build(with_referrer=True).referrer.referrer is None
        assert {f.QFactory.build(**{name: True}).quote for name in vars(f.QFactory._meta)["parameters"]
                if name.startswith("quote_")} == set(Q.QUOTES)
        assert type(f.JobFactory.build().build) is Q
        assert type(f.TraitFactory.build()) is Trait and f.TraitFactory._meta.model is Trait
        assert f.QFactoryFactory.build().pk is None and f.HiddenFactory.build().pk is None
        assert isinstance(f.InnerFactory.build().q, Q) and f.OtherFactory.build().pk is None
        """
    done = project.python("-c", dedent(code))
    assert done.returncode == 0, done.stderr
    for command in (["format", "--diff", "--line-length=88"], ["check", "--select=I,E9,F"]):
        done = project.python("-m", "ruff", *command, "--isolated", str(project.file))
        assert done.returncode == 0, done.stdout
    assert project.run("books", "--check") == ""
    assert "nothing is missing" in project.run("books")


def test_a_form_of_a_model_is_no_factory(project):
    project.file.write_text(
        dedent(
            """
            from django.forms import ModelForm

            from books.models import Author


            class AuthorForm(ModelForm):
                class Meta:
                    model = Author
                    fields = ["name"]
            """
        ).lstrip()
    )
    project.run("books")
    assert "class AuthorFactory(ModelFactory[Author])" in project.file.read_text()
    assert "SharedSubFactory(AuthorFactory)" in project.file.read_text()
    project.run("books", "--check")
