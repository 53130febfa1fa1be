"""The documentation site: its generated pages, its links, and flags that exist. `make docs` builds it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from gearshift.settings import Settings
from tests.unit.test_documents import FLAG, known_flags

DOCS = Path(__file__).resolve().parents[2] / "docs"
# These name the flags of others too.
OF_OTHERS = {"migrating.md"}
# What pages say of programs that are not ours.
FOREIGN = {"--rm", "--read-only", "--tmpfs"}
PAGES = sorted(path.name for path in DOCS.glob("*.md"))
LINK = re.compile(r"\]\(([^)#:]+)(?=[)#])")


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_setting_has_its_row(hooks: ModuleType) -> None:
    page = hooks.settings_page()
    for setting in Settings.declarations().values():
        assert f"| `{setting.flag}`<br>" in page
        assert f"`{setting.variable}`" in page


def test_every_page_has_its_place_and_exists(hooks: ModuleType) -> None:
    named = [page for pages in hooks.ORDER.values() for page in pages]
    assert len(named) == len(set(named))
    config = SimpleNamespace(nav=None)
    placed = [page for part in hooks.on_config(config).nav for pages in part.values() for page in pages]
    assert sorted(placed) == sorted([*PAGES, hooks.SETTINGS])


def test_tables_of_other_servers_are_filled_in(hooks: ModuleType) -> None:
    text = hooks.on_page_markdown((DOCS / "migrating.md").read_text())
    assert "<!-- table" not in text
    assert "| `-k`, `--worker-class` | `--engine`, `--interface` |" in text


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str, hooks: ModuleType) -> None:
    for target in LINK.findall((DOCS / page).read_text()):
        assert target == hooks.SETTINGS or (DOCS / target).exists(), target


@pytest.mark.parametrize("page", sorted(set(PAGES) - OF_OTHERS))
def test_flags_exist(page: str) -> None:
    named = set(FLAG.findall((DOCS / page).read_text()))
    assert named - known_flags() - FOREIGN == set()
