"""A translation as a command line, as gearshift.toml, and in words."""

from __future__ import annotations

import json
import re
import shlex
from textwrap import wrap

from gearshift.migrate.entry import flag_of
from gearshift.settings import Settings
from gearshift.settings.declaration import Several, Switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gearshift.migrate.translation import Remark, Translation

WIDTH = 100
INDENT = "    "


def report(translation: Translation) -> str:
    """All of it, for people."""
    parts = [command_line(translation), toml(translation)]
    if translation.differing:
        parts.append(_remarks("What differs:", translation.differing))
    if translation.lost:
        parts.append(_remarks("What has no equal:", translation.lost))
    return "\n".join(parts)


def command_line(translation: Translation) -> str:
    """One line that starts the same with Gearshift."""
    words = [f"{name}={shlex.quote(value)}" for name, value in translation.environment.items()]
    words += ["gearshift", "serve"] if "app" in translation.values else ["gearshift", "serve", "APP"]
    for name, value in _in_order(translation):
        words += _spelled(name, value)
    return " ".join(words) + "\n"


def _spelled(name: str, value: Any) -> list[str]:
    setting = Settings.declarations()[name]
    if setting.positional:
        return [shlex.quote(str(value))]
    if isinstance(setting, Switch):
        return [setting.flag if value else setting.negation]
    if isinstance(setting, Several):
        return [word for one in value for word in (setting.flag, _quoted(str(one)))]
    return [setting.flag, _quoted(value if isinstance(value, str) else setting.in_words(value))]


def _quoted(text: str) -> str:
    """For a shell, which is to expand its variables."""
    return '"' + re.sub(r'(["\\`])', r"\\\1", text) + '"' if "$" in text else shlex.quote(text)


def toml(translation: Translation) -> str:
    """gearshift.toml that says the same, with what only a command line may say as a comment."""
    lines = ["# gearshift.toml, instead of the flags: then `gearshift serve` is all"]
    declared = Settings.declarations()
    for name, value in _in_order(translation):
        if declared[name].command_line_only or "$" in str(value):
            lines.append(f"# only on the command line: {' '.join(_spelled(name, value))}")
        else:
            lines.append(f"{name} = {_toml_value(value)}")
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    """A JSON string is a TOML basic string: both escape alike, but for DEL."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _in_order(translation: Translation) -> list[tuple[str, Any]]:
    """As the catalogue has them."""
    return [
        (name, translation.values[name]) for name in Settings.declarations() if name in translation.values
    ]


def _remarks(heading: str, remarks: Sequence[Remark]) -> str:
    lines = [heading]
    for said, words in remarks:
        lines.append(f"  {said}")
        lines += wrap(words, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def table_in_markdown(name: str) -> str:
    """A server's table for the documentation: its settings, ours, and what is to be known."""
    from importlib import import_module

    table = import_module(f"gearshift.migrate.{name}").TABLE
    lines = [f"| {name} | Gearshift | |", "| --- | --- | --- |"]
    for entry in table:
        theirs = ", ".join(f"`{flag}`" for flag in (*entry.flags, *entry.negation)) or f"`{entry.name}`"
        ours = ", ".join(f"`{flag_of(one)}`" for one in entry.ours) or "no equal"
        missing = entry.missing()
        words = re.sub(r"([\\|*_<`])", r"\\\1", entry.words)
        if missing:
            words = f"{words}; not in this version" if words else "not in this version"
        lines.append(f"| {theirs} | {ours} | {words} |")
    return "\n".join(lines) + "\n"
