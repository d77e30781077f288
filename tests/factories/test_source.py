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
    kept = [line for line in text.splitlines() if line in before.splitlines()]
    assert kept[: len(before.splitlines())] != []
    assert all(line in text for line in before.splitlines())
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
    assert set(lines) - {""} <= {line.replace(indent, "|") for line in written.decode().split(end)}
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


def test_a_file_in_another_encoding_is_left_alone(project):
    project.file.write_bytes("# déjà\n".encode("latin-1"))
    assert "cannot read books/factories.py: 'utf-8' codec" in project.run("books", code=2)
    assert project.file.read_bytes() == "# déjà\n".encode("latin-1")
