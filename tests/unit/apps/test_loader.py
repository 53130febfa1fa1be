"""From what the user names to what is served."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearshift.apps.loader import Kind, adopt, load
from gearshift.errors import ApplicationLoadError, GearshiftError, SettingError


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty, importable current folder; the modules it gives are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


SOURCE = """
import functools
def wsgi(environ, start_response): ...
async def asgi(scope, receive, send): ...
def make(): return asgi
def broken(): raise RuntimeError("no\\ndatabase")
def leaves(): raise SystemExit(3)
class Site:
    wsgi = staticmethod(wsgi)
    make = staticmethod(make)
site = Site()
text = "math:sqrt"
nothing = None
"""


def refusal(text: str, kind: type[GearshiftError]) -> str:
    with pytest.raises(kind) as caught:
        load(text)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("expression", "kind", "name"),
    [
        ("wsgi", Kind.WSGI, "wsgi"),
        ("asgi", Kind.ASGI, "asgi"),
        ("make()", Kind.ASGI, "asgi"),
        ("site.wsgi", Kind.WSGI, "wsgi"),
        ("site.make()", Kind.ASGI, "asgi"),
    ],
)
def test_module_and_attribute(project: Path, expression: str, kind: Kind, name: str) -> None:
    (project / "shop.py").write_text(SOURCE)
    application = load(f"shop:{expression}")
    assert application.kind is kind
    assert application.target.__name__ == name
    assert application.name == f"shop:{expression}"


def test_a_module_in_a_package(project: Path) -> None:
    (project / "pkg").mkdir()
    (project / "pkg" / "wsgi.py").write_text(SOURCE)
    assert load("pkg.wsgi:wsgi").kind is Kind.WSGI


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def application(e, s): ...", "shop:application"),
        ("def app(e, s): ...", "shop:app"),
        ("def app(e, s): ...\ndef application(e, s): ...", "shop:application"),
    ],
)
def test_a_module_alone_is_looked_through_for_the_usual_names(project: Path, source: str, name: str) -> None:
    (project / "shop.py").write_text(source)
    assert load("shop").name == name


def test_a_module_without_the_usual_names(project: Path) -> None:
    (project / "shop.py").write_text(SOURCE)
    expected = (
        "shop: module has neither application nor app (it has: Site, asgi, broken, leaves, make, site, wsgi)"
    )
    line = refusal("shop", ApplicationLoadError)
    assert line.replace(" site,", "") == expected.replace(" site,", "")


def test_the_page_and_a_folder(project: Path) -> None:
    assert (load("").kind, load("").name) == (Kind.PAGE, "the built-in page")
    (project / "public").mkdir()
    (project / "odd:name").mkdir()
    application = load("public")
    assert (application.kind, application.target, application.name) == (
        Kind.STATIC,
        str(project / "public"),
        "public",
    )
    assert load("./public/").target == str(project / "public")
    assert load(".").target == str(project)
    assert load("odd:name").kind is Kind.STATIC


def test_a_package_is_not_published_by_mistake(project: Path) -> None:
    (project / "shop").mkdir()
    (project / "shop" / "__init__.py").write_text("secret = 1")
    line = refusal("shop", SettingError)
    assert "found a folder that is a Python package" in line
    assert "shop:attribute" in line
    assert load("./shop").kind is Kind.STATIC


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no/such/folder", "found no such folder"),
        ("shop.py", "found a file, expected shop:app"),
        ("shop.py:wsgi", "found a file, expected shop:wsgi"),
        ("./shop.py", "found a file, expected shop:app"),
        ("shop:", "expected module:attribute"),
        (":app", "expected module:attribute"),
        ("shop:make(1)", "expected module:attribute"),
        ("shop:make()()", "expected module:attribute"),
        ("shop:a b", "expected module:attribute"),
        ("sho-p:app", "expected module:attribute"),
        ("shop:text", "found a str, expected a WSGI or ASGI application"),
        ("shop:nothing", "found a NoneType, expected a WSGI or ASGI application"),
        ("shop:make", r"expected shop:make() if it makes the application"),
        ("shop:text()", "found str, expected a function that makes the application"),
    ],
)
def test_what_names_no_application(project: Path, text: str, words: str) -> None:
    (project / "shop.py").write_text(SOURCE)
    line = refusal(text, SettingError)
    assert line.startswith(f"{text}: ")
    assert words in line


def test_a_missing_module_is_one_line_with_the_nearest_and_2(project: Path) -> None:
    (project / "shop.py").write_text(SOURCE)
    with pytest.raises(ApplicationLoadError) as caught:
        load("shpo:app")
    assert str(caught.value) == (
        "shpo:app: no module named 'shpo' in the current folder or on Python's path (did you mean shop?)"
    )
    assert (caught.value.exit_code, caught.value.traceback_text) == (2, "")


def test_a_missing_package_that_is_near(project: Path) -> None:
    (project / "market").mkdir()
    (project / "market" / "__init__.py").write_text("")
    assert refusal("markt:app", ApplicationLoadError).endswith("(did you mean market?)")


def test_a_missing_submodule(project: Path) -> None:
    (project / "shop.py").write_text(SOURCE)
    assert "no module named 'shop.wsgi'" in refusal("shop.wsgi:app", ApplicationLoadError)


def test_a_missing_attribute_is_one_line_with_the_nearest_and_2(project: Path) -> None:
    (project / "shop.py").write_text(SOURCE)
    with pytest.raises(ApplicationLoadError) as caught:
        load("shop:wsgl")
    assert str(caught.value) == "shop:wsgl: module shop has no 'wsgl' (did you mean wsgi?)"
    assert caught.value.exit_code == 2
    assert refusal("shop:site.wsgl", ApplicationLoadError).startswith(
        "shop:site.wsgl: Site object has no 'wsgl'"
    )


def test_a_module_with_nothing_to_offer(project: Path) -> None:
    (project / "empty.py").write_text("from math import sqrt\nnumber = 1")
    assert refusal("empty:app", ApplicationLoadError) == "empty:app: module empty has no 'app'"


@pytest.mark.parametrize(
    ("source", "line", "shown"),
    [
        ("x = 1\n1 / 0\n", "importing shop raised ZeroDivisionError: division by zero", "line 2"),
        ("import no_such_dependency\n", "raised ModuleNotFoundError: No module named 'no_such_dep", "line 1"),
        ("def f(:\n", "importing shop raised SyntaxError: ", "line 1"),
        ("raise SystemExit(0)\n", "importing shop raised SystemExit: 0", "line 1"),
        ("raise ValueError\n", "importing shop raised ValueError", "line 1"),
    ],
)
def test_a_module_that_raises_shows_its_own_traceback_and_1(
    project: Path, source: str, line: str, shown: str
) -> None:
    (project / "shop.py").write_text(source)
    with pytest.raises(ApplicationLoadError) as caught:
        load("shop:app")
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1
    assert str(project / "shop.py") in caught.value.traceback_text
    assert shown in caught.value.traceback_text
    assert "importlib" not in caught.value.traceback_text
    assert f"gearshift{os.sep}apps" not in caught.value.traceback_text


def test_a_module_that_imports_itself_wrongly_is_the_applications_fault(project: Path) -> None:
    (project / "shop.py").write_text("import shop.inner\n")
    with pytest.raises(ApplicationLoadError) as caught:
        load("shop:app")
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("factory", "words"), [("broken", "RuntimeError: no database"), ("leaves", "SystemExit: 3")]
)
def test_a_factory_that_raises_shows_its_own_traceback(project: Path, factory: str, words: str) -> None:
    (project / "shop.py").write_text(SOURCE)
    with pytest.raises(ApplicationLoadError) as caught:
        load(f"shop:{factory}()")
    assert str(caught.value) == f"shop:{factory}(): making the application raised {words}"
    assert f"in {factory}" in caught.value.traceback_text
    assert f"gearshift{os.sep}apps" not in caught.value.traceback_text


def test_a_traceback_moves_no_cursor(project: Path) -> None:
    (project / "shop.py").write_text(r"raise RuntimeError('no\x1b[2J database\nat all')")
    with pytest.raises(ApplicationLoadError) as caught:
        load("shop:app")
    assert caught.value.traceback_text.endswith("RuntimeError: no\\x1b[2J database\nat all\n")


def test_a_factory_that_makes_a_coroutine(project: Path) -> None:
    (project / "shop.py").write_text("async def make(): ...")
    line = "shop:make(): found a function that makes a coroutine, expected one that makes the application"
    assert refusal("shop:make()", SettingError) == line


def test_a_factory_that_cannot_be_called_without_arguments(project: Path) -> None:
    (project / "shop.py").write_text("def make(config): ...")
    with pytest.raises(ApplicationLoadError, match=r"making the application raised TypeError") as caught:
        load("shop:make()")
    assert caught.value.exit_code == 1


def test_ctrl_c_while_the_application_is_imported_is_no_fault_of_it(project: Path) -> None:
    (project / "shop.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load("shop:app")


def test_the_interface_can_be_said(project: Path) -> None:
    (project / "shop.py").write_text("def anything(*args): ...\nnumber = 1")
    assert load("shop:anything", "wsgi").kind is Kind.WSGI
    assert load("shop:anything", "asgi").kind is Kind.ASGI
    with pytest.raises(SettingError, match="expected --interface"):
        load("shop:anything")
    with pytest.raises(SettingError, match="found int, expected a callable"):
        load("shop:number", "wsgi")


def test_what_a_program_gives(project: Path) -> None:
    async def serve_asgi(scope: object, receive: object, send: object) -> None: ...

    (project / "shop.py").write_text(SOURCE)
    application = adopt(serve_asgi)
    assert (application.kind, application.target) == (Kind.ASGI, serve_asgi)
    assert application.name.endswith("serve_asgi")
    assert adopt(None).kind is Kind.PAGE
    assert adopt("shop:wsgi").kind is Kind.WSGI
    assert (adopt(project).kind, adopt(project).target) == (Kind.STATIC, str(project))
    with pytest.raises(SettingError, match="found no such folder"):
        adopt(project / "missing")
    with pytest.raises(SettingError, match=r"^int: found an int"):
        adopt(17)
