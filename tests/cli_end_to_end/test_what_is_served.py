"""APP on the command line: module:attribute, module:factory(), a folder, nothing; and what is none of these."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.applications.served import curl, gearshift_command, serving


@pytest.mark.parametrize("application", ["hello:app", "hello:asgi", "hello:factory()", "hello"])
def test_applications(application: str, engine: str, folder: Path) -> None:
    with serving("--engine", engine, application, folder=folder) as site:
        assert curl(site.url).body == b"hello"
        assert site.out().splitlines()[0].startswith("Gearshift ")
        assert application.partition(":")[0] in site.out().splitlines()[0]
        assert f"engine {engine}" in site.out()
        assert site.stop() == 0
        assert "Traceback" not in site.err()


def test_default_engine(folder: Path) -> None:
    for application in ("hello:app", "hello:asgi", "."):
        with serving(application, folder=folder) as site:
            assert "engine auto" in site.out()


def test_folder_of_files(engine: str, folder: Path) -> None:
    (folder / "public").mkdir()
    (folder / "public" / "index.html").write_text("front")
    with serving("--engine", engine, "public", folder=folder) as site:
        assert curl(site.url).body == b"front"
        assert curl(f"{site.url}/../hello.py", "--path-as-is").status in (400, 404)


def test_nothing_is_the_page(engine: str, folder: Path) -> None:
    with serving("--engine", engine, folder=folder) as site, site.client() as client:
        numbers = set()
        for carried in range(1, 21):
            answer = client.get("/")
            assert answer.headers["X-Server"] == f"gearshift-{engine}"
            assert int(answer.headers["Content-Length"]) == len(answer.content)
            assert "{{" not in answer.text
            numbers.add(answer.content)
            assert f"{carried}" in answer.text
        assert len(numbers) > 1
        assert site.url.removeprefix("http://") in answer.text


def test_interface_may_be_said(folder: Path) -> None:
    (folder / "odd.py").write_text(
        "def app(*arguments):\n"
        "    environ, start_response = arguments\n"
        "    start_response('200 OK', [])\n"
        "    return [b'odd']\n"
    )
    refused = gearshift_command("serve", "odd:app", folder=folder)
    assert refused.code == 2
    assert "--interface" in refused.line
    with serving("--interface", "wsgi", "odd:app", folder=folder) as site:
        assert curl(site.url).body == b"odd"


@pytest.mark.parametrize(
    ("application", "words"),
    [
        ("helo:app", "did you mean hello?"),
        ("hello:ap", "did you mean app?"),
        ("hello:number", "found an int, expected a WSGI or ASGI application"),
        ("hello:factory", "expected hello:factory()"),
        ("hello:number()", "expected a function that makes the application"),
        ("hello.py", "expected hello:app"),
        ("no/such/folder", "found no such folder"),
        ("hello:app:app", "expected module:attribute"),
        ("hello:", "expected module:attribute"),
        ("-x", "there is no such flag"),
    ],
)
def test_wrong_names_are_told_in_a_line(application: str, words: str, folder: Path) -> None:
    done = gearshift_command("serve", application, folder=folder)
    assert done.code == 2
    assert done.line.startswith("gearshift: ")
    assert application in done.line
    assert words in done.line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("hello:app", "--template", "."), "--template: found it beside hello:app, expected it only where"),
        (
            (".", "--template", "."),
            "--template: found it beside ., expected it only where nothing else is served",
        ),
        (("hello:asgi", "--listing"), "--listing: found it beside hello:asgi, expected it with a folder"),
        (("--listing",), "--listing: found it beside the built-in page, expected it with a folder"),
    ],
)
def test_what_is_for_something_else_is_not_ignored(
    arguments: tuple[str, ...], words: str, folder: Path
) -> None:
    done = gearshift_command("serve", "--bind", "127.0.0.1:0", *arguments, folder=folder)
    assert (done.code, words in done.line) == (2, True)


def test_two_applications(folder: Path) -> None:
    done = gearshift_command("serve", "hello:app", "hello:asgi", folder=folder)
    assert (done.code, "expected one application" in done.line) == (2, True)


@pytest.mark.parametrize(
    ("source", "application", "error"),
    [
        ("import no_such_library\n", "broken:app", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("def app(:\n", "broken:app", "SyntaxError"),
        ("app = 1 / 0\n", "broken:app", "ZeroDivisionError: division by zero"),
        ("raise SystemExit('not here')\n", "broken:app", "SystemExit: not here"),
        ("", "hello:failing()", "LookupError: no configuration"),
    ],
)
def test_application_that_raises_shows_its_traceback(
    source: str, application: str, error: str, folder: Path
) -> None:
    """Its own part of it: where the user's code went wrong, without the loader's frames."""
    (folder / "broken.py").write_text(source)
    done = gearshift_command("serve", application, folder=folder)
    assert done.code == 1
    assert error in done.err
    assert "importlib" not in done.err
    assert "gearshift/apps" not in done.err
    assert f"{application.partition(':')[0]}.py" in done.err
    assert done.err.splitlines()[-1].startswith(f"gearshift: {application}: ")


def test_package_is_not_published_by_mistake(folder: Path) -> None:
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").write_text("secret = 1\n")
    done = gearshift_command("serve", "shop", folder=folder)
    assert (done.code, "./shop" in done.line) == (2, True)
