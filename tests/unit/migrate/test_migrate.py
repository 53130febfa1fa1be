"""Command lines as they stand in people's Dockerfiles, units and notes, and what becomes of them."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest

from gearshift.cli import main
from gearshift.cli.migrate import translated
from gearshift.cli.parser import parse
from gearshift.errors import SettingError
from gearshift.migrate.translation import Translation, settle
from gearshift.migrate.writing import command_line, report, toml
from gearshift.settings import resolve

POOL_OF_ONE = {"engine": "pool", "threads": 1}


def of(line: str) -> Translation:
    return translated(shlex.split(line))


def lost(translation: Translation) -> list[str]:
    return [remark.said for remark in translation.lost]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("gunicorn app:app", {"app": "app:app", "bind": ("127.0.0.1:8000",), **POOL_OF_ONE}),
        ("gunicorn -b 0.0.0.0 app:app", {"app": "app:app", "bind": ("0.0.0.0:8000",), **POOL_OF_ONE}),
        (
            "exec gunicorn --bind=:5000 -b unix:/run/x.sock -bfd://3 'app:create_app()' -k sync",
            {"app": "app:create_app()", "bind": (":5000", "unix:/run/x.sock", "fd:3"), **POOL_OF_ONE},
        ),
        (
            "python -m gunicorn -k gthread --threads 8 -b [::]:80 --graceful-timeout 20 --keep-alive 5 app:app",
            {
                "app": "app:app",
                "bind": ("[::]:80",),
                "engine": "pool",
                "threads": 8,
                "timeout_drain": 20.0,
                "timeout_keep_alive": 5.0,
            },
        ),
        (
            "gunicorn -k uvicorn.workers.UvicornWorker -b 0.0.0.0:80 --access-logfile - --backlog 64 main:app",
            {
                "app": "main:app",
                "interface": "asgi",
                "bind": ("0.0.0.0:80",),
                "access_log": "-",
                "backlog": 64,
            },
        ),
        (
            "gunicorn --threads 4 --limit-request-line 0 --worker-conn 50 app:app",
            {
                "app": "app:app",
                "bind": ("127.0.0.1:8000",),
                "engine": "pool",
                "threads": 4,
                "max_connections": 50,
            },
        ),
        (
            "uvicorn main:app --no-proxy-headers",
            {"app": "main:app", "bind": ("127.0.0.1:8000",), "access_log": "-"},
        ),
        (
            "uvicorn main:make --factory --host 0.0.0.0 --port 80 --no-access-log --no-proxy-headers"
            " --timeout-graceful-shutdown 3 --limit-concurrency 100",
            {"app": "main:make()", "bind": ("0.0.0.0:80",), "timeout_drain": 3.0, "max_requests": 100},
        ),
        (
            "uvicorn --uds /run/x.sock main:app --no-proxy-headers --no-access-log --interface asgi3",
            {"app": "main:app", "bind": ("unix:/run/x.sock",), "interface": "asgi"},
        ),
        (
            "bin/uvicorn main:app --host :: --no-proxy-headers --no-access-log --reload --reload-include '*.html'",
            {"app": "main:app", "bind": ("[::]:8000",), "reload": True, "reload_include": ("*.html",)},
        ),
    ],
)
def test_values(line: str, values: dict[str, object]) -> None:
    assert of(line).values == values


def test_what_is_printed_is_understood_and_means_the_same() -> None:
    translation = of(
        "DEBUG=1 gunicorn -e 'NAME=a b' --access-logfile '/var/log/a b' -b :80 --preload --reload app:app"
    )
    words = shlex.split(command_line(translation))
    assert words[:2] == ["DEBUG=1", "NAME=a b"]
    flags = parse(words[3:]).flags
    settings = resolve(flags, {}, "/")
    said = {name: value for name, value in settings.values.items() if settings.source(name) == "flag"}
    assert said == translation.values
    file = tomllib.loads(toml(translation))
    assert {**file, "bind": tuple(file["bind"])} == {
        name: value for name, value in translation.values.items() if name != "reload"
    }
    assert "# only on the command line: --reload" in toml(translation)


def test_variables_of_the_shell_are_left_to_it() -> None:
    translation = of("gunicorn --bind '0.0.0.0:$PORT' app:app")
    assert '--bind "0.0.0.0:$PORT"' in command_line(translation)
    assert '# only on the command line: --bind "0.0.0.0:$PORT"' in toml(translation)


def test_without_an_application_nothing_else_is_served_by_mistake() -> None:
    translation = of("gunicorn 'app:create(\"x\")'")
    assert command_line(translation).startswith("gearshift serve APP ")
    assert 'app:create("x")' in lost(translation)


def test_what_has_no_equal_is_told_with_why() -> None:
    said = report(of("gunicorn -k gevent --timeout 60 --statsd-host localhost:8125 -u www app:app"))
    for part in ("nothing is monkey-patched", "--slow-request", "Prometheus", "systemd (User="):
        assert part in said


def test_workers_beside_reload_would_be_refused() -> None:
    translation = of("gunicorn --reload -w 4 app:app")
    settle(translation)
    assert translation.values["reload"] is True
    assert "workers" not in translation.values
    assert "--workers 4 beside --reload" in report(translation)


def test_everybody_is_trusted_only_with_a_warning() -> None:
    said = report(of("uvicorn main:app --forwarded-allow-ips='*'"))
    assert "everybody's word is taken" in said


CONFIGURATION = '''
"""Ours."""
import multiprocessing
from os import environ

bind = ["0.0.0.0:8000", "unix:/run/x.sock"]
workers = multiprocessing.cpu_count() * 2 + 1
threads: int = 4
timeout = 120
helper = 17
if environ.get("DEBUG"):
    reload = True


def post_fork(server, worker):
    raise SystemExit("this must not run")


def helper_function():
    pass
'''


def test_a_configuration_is_read_and_not_run(tmp_path: Path) -> None:
    path = tmp_path / "gunicorn.conf.py"
    path.write_text(CONFIGURATION + "raise SystemExit('neither')\n")
    translation = translated([str(path)])
    assert translation.values == {
        "bind": ("0.0.0.0:8000", "unix:/run/x.sock"),
        "threads": 4,
        "engine": "pool",
    }
    assert lost(translation) == [
        "--timeout 120",
        "post_fork in line 15",
        "workers = multiprocessing.cpu_count() * 2 + 1 (line 7)",
        "line 11, about reload",
        "line 21",
    ]


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "conf.py"
    path.write_text("threads = 4\nbind = '127.0.0.1:1'\nwsgi_app = 'a:app'\n")
    translation = translated(["gunicorn", "-c", str(path), "--threads", "8", "b:app"])
    assert translation.values == {"app": "b:app", "bind": ("127.0.0.1:1",), "threads": 8, "engine": "pool"}


def test_the_usual_file_is_read_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("backlog = 17\n")
    monkeypatch.chdir(tmp_path)
    assert of("gunicorn a:app").values["backlog"] == 17


def test_an_address_that_is_computed_is_not_replaced_by_the_default(tmp_path: Path) -> None:
    path = tmp_path / "gunicorn.conf.py"
    path.write_text("import os\nbind = f\"0.0.0.0:{os.environ['PORT']}\"\n")
    assert "bind" not in translated([str(path)]).values


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("hypercorn main:app", "found hypercorn main:app, expected a command line of gunicorn or uvicorn"),
        ("gunicorn --wokers 4 a:app", r"--wokers: there is no such flag \(did you mean --workers\?\)"),
        ("gunicorn -Z a:app", "-Z: there is no such flag"),
        ("gunicorn a:app -w", "-w: found nothing, expected a value"),
        ("gunicorn --reload=yes a:app", "found 'yes', expected no value"),
        ("gunicorn -c python:conf a:app", "found python:conf, expected a file"),
        ("gunicorn -c nowhere.py a:app", "nowhere.py: No such file or directory"),
    ],
)
def test_what_can_not_be_read_is_one_line(line: str, told: str) -> None:
    with pytest.raises(SettingError, match=told):
        of(line)


def test_a_file_that_is_no_python(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("bind = = 1\n")
    with pytest.raises(SettingError, match="expected Python"):
        translated([str(tmp_path / "x.py")])


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "--", "uvicorn", "main:app", "--port", "9000"]) == 0
    assert capsys.readouterr().out.startswith("gearshift serve main:app --bind 127.0.0.1:9000")
    assert main(["migrate"]) == 2
    assert main(["migrate", "--help"]) == 0
