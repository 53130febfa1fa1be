"""The house's rules, read from the sources themselves: who may import whom, and how long a file may be."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCES = Path(__file__).parents[2] / "src"
LONGEST_FILE = 480  # lines
# What waits, measures time or moves bytes: the protocol core does none of it.
NOT_FOR_THE_CORE = {
    "asyncio",
    "concurrent",
    "epoll",
    "os",
    "poll",
    "pythread",
    "select",
    "selectors",
    "signal",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "threading",
    "time",
    "unistd",
}
# What comes with the extras of pyproject.toml, and who may name it.
EXTRAS = {
    "prometheus_client": ("gearshift.observe",),
    "opentelemetry": ("gearshift.apps",),
    "textual": ("gearshift.top", "gearshift.cli.top"),
    "watchfiles": ("gearshift.development.watching",),
    "rich": ("gearshift.top",),
    "brotli": ("gearshift.compression",),
    "zstandard": ("gearshift.compression",),
    "matplotlib": ("gearshift.report", "gearshift.bench.plots", "gearshift.load.plot"),
}
THE_SERVER = (
    "gearshift.apps",
    "gearshift.connection",
    "gearshift.exchange",
    "gearshift.gearbox",
    "gearshift.server",
)
RULES = [
    # whose imports, what they may not name, and what of it they may nevertheless
    ("gearshift.http", ("gearshift",), ("gearshift.http",)),
    ("gearshift.apps", ("gearshift.engines", "gearshift.server", "gearshift.cli"), ()),
    ("gearshift.engines", ("gearshift.apps", "gearshift.server", "gearshift.cli", "gearshift.tls"), ()),
    (
        "gearshift.tls",
        ("gearshift",),
        (
            "gearshift.tls",
            "gearshift.http.output",
            "gearshift.errors",
            "gearshift.kernel.tls",
            "gearshift.listeners",
            "gearshift.settings",
            "gearshift.observe.error_log",
        ),
    ),
    (
        "gearshift.conversation",
        ("gearshift.apps", "gearshift.engines", "gearshift.connection", "gearshift.raw", "gearshift.server"),
        (),
    ),
    (
        "gearshift.raw",
        ("gearshift.apps", "gearshift.engines", "gearshift.server", "gearshift.cli"),
        ("gearshift.apps.loader", "gearshift.apps.asgi.hosting"),
    ),
    ("gearshift.http2", ("gearshift.apps", "gearshift.server", "gearshift.cli", "gearshift.raw"), ()),
    ("gearshift.http2", ("gearshift.engines",), ("gearshift.engines.accepting.Life",)),
    ("gearshift.handlers", ("gearshift",), ("gearshift.handlers",)),
    ("gearshift.client", ("gearshift",), ("gearshift.client", "gearshift.errors")),
    ("gearshift.exchange", ("gearshift.apps", "gearshift.engines", "gearshift.server"), ()),
    ("gearshift.connection", ("gearshift.apps", "gearshift.engines", "gearshift.server"), ()),
    ("gearshift.channel", ("gearshift.apps", "gearshift.engines", "gearshift.server"), ()),
    ("gearshift.kernel", ("gearshift",), ("gearshift.kernel", "gearshift.errors")),
    (
        "gearshift.bench",  # it runs `gearshift serve` and `gearshift load` as anybody would, in processes of their own
        ("gearshift",),
        (
            "gearshift.bench",
            "gearshift.errors",
            "gearshift.report",
            "gearshift.version",
            "gearshift.apps.loader",
            "gearshift.engines.ring.refusal",
            "gearshift.load.requests",
        ),
    ),
    (
        "gearshift.bench.verdict",  # from figures to words, and nothing of this machine
        ("gearshift", "os", "subprocess", "socket", "time"),
        ("gearshift.bench.candidates", "gearshift.bench.measurement"),
    ),
    (
        "gearshift.lab",
        ("gearshift",),
        (
            "gearshift.lab",
            "gearshift.kernel",
            "gearshift.report",
            "gearshift.errors",
            "gearshift.version",
            "gearshift.Server",
        ),
    ),
    ("gearshift.report", ("gearshift",), ("gearshift.report", "gearshift.errors")),
    ("gearshift.listeners", ("gearshift.http", "gearshift.apps", "gearshift.engines"), ()),
    # The client knows the grammar of HTTP and the system calls, nothing of the server that it measures.
    ("gearshift.load", (*THE_SERVER, "gearshift.engines", "gearshift.cli"), ()),
    ("gearshift.proxy", (*THE_SERVER, "gearshift.engines", "gearshift.cli"), ()),
    ("gearshift.server", ("gearshift.load",), ()),
    ("gearshift.settings", ("gearshift.http", "gearshift.apps", "gearshift.engines"), ()),
]


class Import(NamedTuple):
    """That a file names a module."""

    place: str  # file:line
    importer: str
    imported: str


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCES).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_compiled(path: Path) -> bool:
    return path.name != "__init__.py" and path.with_suffix(".pxd").exists()


def named_in_python(path: Path) -> Iterator[tuple[int, str]]:
    """Every module that a source names, wherever in it: imports of functions and of type checkers too."""
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                module = ".".join([*above, module] if module else above)
            # `from package import module` names the module, `from module import name` at least the module.
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


CIMPORT = re.compile(r"^\s*(?:from\s+(\S+)\s+cimport\s+(.+)|cimport\s+(.+))$")


def named_in_declarations(path: Path) -> Iterator[tuple[int, str]]:
    """Every module that a .pxd names; a C header counts by its name without the suffix."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        header = re.match(r'cdef extern from "(.+)\.h"', line)
        if header:
            yield number, header[1].replace("/", ".")
        found = CIMPORT.match(line)
        if found and found[1]:
            for name in found[2].split(","):
                yield number, f"{found[1]}.{name.strip()}"
        elif found:
            for name in found[3].split(","):
                yield number, name.strip()


def imports() -> list[Import]:
    found = []
    for path in sorted([*SOURCES.rglob("*.py"), *SOURCES.rglob("*.pyi"), *SOURCES.rglob("*.pxd")]):
        named = named_in_declarations(path) if path.suffix == ".pxd" else named_in_python(path)
        for number, name in named:
            found.append(
                Import(
                    f"{path.relative_to(SOURCES)}:{number}",
                    module_name(path),
                    name.removeprefix("cython.cimports."),
                )
            )
    return found


IMPORTS = imports()


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def test_the_reader_of_imports_sees_all_kinds() -> None:
    """A rule that reads nothing would hold for ever."""
    seen = {found.imported for found in IMPORTS}
    assert {"cython", "gearshift.http.states.Event", "collections.deque", "cpython.object.PyObject"} <= seen
    kinds = {Path(found.place.partition(":")[0]).suffix for found in IMPORTS}
    assert kinds == {".py", ".pyi", ".pxd"}


@pytest.mark.parametrize(("importers", "forbidden", "allowed"), RULES, ids=[rule[0] for rule in RULES])
def test_who_may_not_import_whom(
    importers: str, forbidden: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    mine = [found for found in IMPORTS if within(found.importer, (importers,))]
    assert mine, f"{importers} has gone: this rule guards nothing"
    wrong = [
        f"{found.place} imports {found.imported}"
        for found in mine
        if within(found.imported, forbidden) and not within(found.imported, allowed)
    ]
    assert wrong == []


def test_the_core_can_neither_wait_nor_tell_the_time() -> None:
    wrong = [
        f"{found.place} imports {found.imported}"
        for found in IMPORTS
        if within(found.importer, ("gearshift.http",)) and NOT_FOR_THE_CORE & set(found.imported.split("."))
    ]
    assert wrong == []


def test_nothing_but_the_standard_library_is_needed() -> None:
    """The terminal program alone needs more, and nothing needs it but the command that starts it."""
    declarations = {"cpython", "libc", "posix"}  # come with Cython
    known = {*sys.stdlib_module_names, *declarations, "cython", "gearshift"}
    wrong = [
        f"{found.place} imports {found.imported}"
        for found in IMPORTS
        if ".pxd:" not in found.place and found.imported.split(".")[0] not in known | EXTRAS.keys()
    ]
    assert wrong == []
    users = {found.importer for found in IMPORTS if within(found.imported, ("gearshift.top",))}
    assert {user for user in users if not within(user, ("gearshift.top",))} == {"gearshift.cli.top"}


def test_extras_are_named_where_they_belong() -> None:
    for extra, owners in EXTRAS.items():
        mine = [found for found in IMPORTS if found.imported.split(".")[0] == extra]
        assert mine, f"nobody needs {extra}: this rule guards nothing"
        assert [found.place for found in mine if not within(found.importer, owners)] == []


def at_the_start(path: Path) -> Iterator[str]:
    """What a source imports as soon as it is imported itself."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


def test_what_needs_an_extra_is_imported_when_it_is_asked_for() -> None:
    """A server that doesn't use it must neither need it nor wait for it."""
    starts = {module_name(path): set(at_the_start(path)) for path in SOURCES.rglob("*.py")}
    needy = set(EXTRAS)
    while more := {
        name
        for name, named in starts.items()
        if name not in needy and any(within(each, tuple(needy)) for each in named)
    }:
        needy |= more
    assert {"gearshift.observe.metric_shapes", "gearshift.observe.queue_metrics"} <= needy
    asking = {"gearshift.observe.metrics", "gearshift.apps.traces", "gearshift.server", "gearshift.cli.serve"}
    assert asking <= starts.keys()
    assert needy & asking == set()


def test_only_compiled_modules_need_cython() -> None:
    plain = {module_name(path) for path in SOURCES.rglob("*.py") if not is_compiled(path)}
    wrong = [
        found.place
        for found in IMPORTS
        if found.imported.split(".")[0] == "cython" and found.importer in plain
    ]
    assert wrong == []


@pytest.mark.parametrize("path", sorted(SOURCES.rglob("*.py")), ids=module_name)
def test_a_file_has_one_idea_and_few_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", sorted(filter(is_compiled, SOURCES.rglob("*.py"))), ids=module_name)
def test_a_compiled_module_has_a_typed_face(path: Path) -> None:
    assert path.with_suffix(".pyi").is_file()
