"""``dbstate_factories``: write factories as source that a team owns."""

from __future__ import annotations

import difflib
import sysconfig
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps

from dbstate.catalog.order import order_tables
from dbstate.factories.blueprint import Blueprint, blueprint_of
from dbstate.factories.described import Described, described
from dbstate.factories.reading import File, read
from dbstate.factories.source import Mismatch, class_names, names_of, render
from dbstate.management.base import CLEAN, FINDINGS, DbstateCommand
from dbstate.management.labels import LabelError
from dbstate.management.options import Options, UsageError, nearest
from dbstate.management.output import write_file

NO_MODELS = "the application has no models of its own tables"


@dataclass(frozen=True, slots=True)
class Target:
    """A file and the models whose factories stand in it."""

    path: Path
    module: str
    blueprints: tuple[Blueprint, ...]


class Command(DbstateCommand):
    help = (
        "Write <app>/factories.py: factory_boy classes that infer from the models what they do not declare."
    )
    shared = ()
    takes_labels = False
    interrupted = "interrupted; files that were named are written, the others are as they were"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "args", nargs="*", metavar="app_label", help="Only these (default: the project's own)."
        )
        super().add_arguments(parser)
        parser.add_argument(
            "--output",
            metavar="FILE",
            help="Write the factories of all these apps to one file, third-party apps too.",
        )
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; exit with 1 where a file does not match."
        )
        parser.add_argument("--diff", action="store_true", help="Write nothing; show what would be written.")

    def run(self, options: Options, given: Mapping[str, Any]) -> int:
        seen = described(apps, "default")
        configs = [_config(label) for label in given["labels"]]
        targets = self._targets(seen, configs, given["output"])
        files = {target.path: _read(target) for target in targets}
        classes = {t.path: class_names(t.blueprints, files[t.path]) for t in targets}
        paths = {m: f"{t.module}.{name}" for t in targets for m, name in classes[t.path].items()}
        code = CLEAN
        for target in targets:
            file = files[target.path]
            own = classes[target.path]
            elsewhere = {model: path for model, path in paths.items() if model not in own}
            names = names_of(target.blueprints, file, own, elsewhere)
            new, found = render(file, target.blueprints, names, target.module)
            old = file.text
            if given["diff"]:
                self.stdout.write(_diff(target.path, old, new), ending="")
            if given["check"]:
                for one in found:
                    self.stdout.write(f"{_shown(target.path)}: {one.where} {one.message}")
            elif not given["diff"]:
                self._write(target.path, file, new, found)
            if found and (given["check"] or any(not one.added for one in found)):
                code = FINDINGS
        return code

    def _targets(self, seen: Described, configs: Sequence[AppConfig], output: str | None) -> list[Target]:
        if output is not None:
            if not configs:
                raise UsageError("--output", "no app was named", "name the apps whose factories go there")
            found = tuple(b for config in configs for b in _blueprints(seen, config))
            if not found:
                raise UsageError(" ".join(c.label for c in configs), NO_MODELS, "name another app")
            path = Path(output)
            if _is_installed(path):
                raise UsageError(
                    "--output", f"{path} is among installed packages", "name a file of the project"
                )
            return [Target(path, _module_of(path), _ordered(seen, found))]
        for config in configs:
            if _is_third_party(config):
                raise UsageError(
                    config.label,
                    f"it is a third-party app ({config.path})",
                    f"say where its factories go: dbstate_factories {config.label} --output FILE",
                )
        chosen = configs or [config for config in apps.get_app_configs() if not _is_third_party(config)]
        targets = []
        for config in chosen:
            blueprints = _blueprints(seen, config)
            if blueprints:
                path = Path(config.path) / "factories.py"
                targets.append(Target(path, f"{config.name}.factories", _ordered(seen, blueprints)))
            elif configs:
                raise UsageError(config.label, NO_MODELS, "leave it out")
        if not targets:
            raise UsageError(
                "the project", "none of its own apps has models", "name an app, with --output FILE"
            )
        return targets

    def _write(self, path: Path, file: File, new: str, found: Sequence[Mismatch]) -> None:
        by_hand = [one for one in found if not one.added]
        for one in by_hand:
            self.stdout.write(f"{_shown(path)}: {one.where} {one.message}: change that yourself")
        if file.text == new:
            self.stdout.write(f"{_shown(path)}: {'nothing else' if by_hand else 'nothing'} is missing")
            return
        try:
            write_file(path, new.replace("\n", _line_end(path)), encoding=file.encoding)
        except OSError as error:
            raise UsageError(_shown(path), str(error), "choose another place with --output") from error
        except UnicodeEncodeError as error:
            raise UsageError(_shown(path), str(error), "name another encoding in its first line") from error
        added = sum(one.added for one in found)
        done = "added to" if file.text else "written"
        self.stdout.write(f"{_shown(path)}: {done}, {added} change{'s' * (added != 1)}")


def _read(target: Target) -> File:
    path = target.path
    package = path.with_suffix("")
    if package.is_dir() and path.name == "factories.py":
        raise UsageError(
            _shown(package),
            "it is a package, beside which a module of that name is not imported",
            f"name a file of it: --output {_shown(package / 'models.py')}",
        )
    return read(_shown(path), path.read_bytes() if path.is_file() else b"", target.module, apps)


def _line_end(path: Path) -> str:
    """How the lines of a file end."""
    return "\r\n" if path.is_file() and b"\r\n" in path.read_bytes() else "\n"


def _config(label: str) -> AppConfig:
    configs = {config.label: config for config in apps.get_app_configs()}
    if label not in configs:
        raise LabelError(label, "no installed application has this label", nearest(label, configs))
    return configs[label]


def _is_third_party(config: AppConfig) -> bool:
    """Whether the app is installed rather than the project's own: its files are not ours to write."""
    path, own = Path(config.path), Path(__file__).resolve().parents[2]
    return path.resolve().is_relative_to(own) or _is_installed(path)


def _is_installed(path: Path) -> bool:
    """Whether the path is among installed packages."""
    path = path.resolve()
    places = {sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")}
    return bool({"site-packages", "dist-packages"} & set(path.parts)) or any(
        place and path.is_relative_to(Path(place).resolve()) for place in places
    )


def _blueprints(seen: Described, config: AppConfig) -> tuple[Blueprint, ...]:
    found = []
    for model in config.get_models():
        table = seen.catalog.tables.get(model._meta.db_table)
        if table is not None and table.managed and not table.library_filled and not model._meta.swapped:
            found.append(blueprint_of(seen, model))
    return tuple(found)


def _ordered(seen: Described, blueprints: Sequence[Blueprint]) -> tuple[Blueprint, ...]:
    """Models after those that they name, as far as there is no cycle."""
    order = order_tables(seen.catalog, list(dict.fromkeys(b.table.name for b in blueprints)))
    place = {name: at for at, name in enumerate(name for group in order.groups for name in group)}
    return tuple(sorted(blueprints, key=lambda b: place.get(b.table.name, len(place))))


def _module_of(path: Path) -> str:
    """The dotted path by which a file is imported from the current directory; empty for one elsewhere."""
    try:
        relative = path.resolve().relative_to(Path.cwd())
    except ValueError:
        return ""
    return ".".join(relative.with_suffix("").parts)


def _shown(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _diff(path: Path, old: str, new: str) -> str:
    name = _shown(path)
    lines = difflib.unified_diff(
        old.splitlines(True), new.splitlines(True), f"{name} (now)", f"{name} (to be)"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
