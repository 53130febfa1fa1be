"""What mkdocs asks while it builds the site: pages and tables that come from the source, and the order of the pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from gearshift.migrate.writing import table_in_markdown
from gearshift.settings import Settings
from gearshift.settings.declaration import Group, Setting, Switch

ROOT = Path(__file__).resolve().parent.parent
# What pages link to outside docs/: it is part of the site then.
BESIDE = ("deploy", "examples")
SETTINGS = "settings.md"
ORDER: dict[str, tuple[str, ...]] = {
    "Begin": ("index.md", "engines.md", "development.md", "migrating.md"),
    "See": ("status-page.md", "metrics.md", "traces.md", "status-schema.md", "in-the-application.md"),
    "Deploy": (
        "deployment.md",
        "processes.md",
        "behind-a-proxy.md",
        "tls.md",
        "http2.md",
        "compression.md",
        "free-threading.md",
        SETTINGS,
    ),
    "Measure": ("load.md", "bench.md", "lab.md"),
    "More": ("websocket.md", "raw-handlers.md"),
}
LINK = re.compile(r"\]\(\.\./((?:deploy|examples)/[^)#]+)")
TABLE = re.compile(r"<!-- table: (\w+) -->")


def on_config(config: Any) -> Any:
    """The order of the pages that there are; those that ORDER does not know stand under More."""
    written = {path.name for path in (ROOT / "docs").glob("*.md")}
    known = {page for pages in ORDER.values() for page in pages}
    config.nav = [
        {title: [page for page in pages if page in written or page == SETTINGS]}
        for title, pages in ORDER.items()
    ]
    config.nav[-1]["More"] += sorted(written - known)
    return config


def on_files(files: Files, config: Any) -> Files:
    """Adds the page of settings, and the files that pages link to."""
    files.append(File.generated(config, SETTINGS, content=settings_page()))
    for folder in BESIDE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md":
                name = path.relative_to(ROOT).as_posix()
                files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Links to what lies beside docs/ lead to its copy in the site; tables are filled in."""
    markdown = LINK.sub(r"](\1", markdown)
    return TABLE.sub(lambda found: table_in_markdown(found[1]), markdown)


def settings_page() -> str:
    """Every setting, as the catalogue declares it."""
    parts = [
        "# Every setting\n",
        "Each has a flag, a variable of the environment and a key in `gearshift.toml` or in the table"
        " `[tool.gearshift]` of `pyproject.toml`, and in Python a keyword of `Server` and `serve`. Flags win over the"
        " environment, the environment over the file. `gearshift settings` prints each value and where it comes from. A"
        " wrong value is one line and exit code 2.\n",
    ]
    for group in Group:
        rows = [row(setting) for setting in Settings.declarations().values() if setting.group is group]
        if rows:
            heading = group.value[0].upper() + group.value[1:]
            parts += [f"## {heading}\n", "| setting | default | |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(parts) + "\n"


def row(setting: Setting) -> str:
    flags = f"`{setting.flag}`"
    if isinstance(setting, Switch):
        flags += f"<br>`{setting.negation}`"
    names = f"{flags}<br>`{setting.variable}`"
    names += "<br>not in files" if setting.command_line_only else f"<br>`{setting.name}`"
    default = setting.in_words(setting.default) if setting.default not in ("", ()) else "none"
    unit = f" {setting.unit}" if setting.unit and default != "none" else ""
    text = re.sub(r"([\\|*_<`])", r"\\\1", setting.help)
    return f"| {names} | {default}{unit} | {text}<br>*Expected:* {setting.expected}. |"
