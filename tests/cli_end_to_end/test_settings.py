"""Where settings come from, `gearshift settings`, `--help`, and what is said of wrong ones."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.applications.served import curl, gearshift_command, serving


def listed(*flags: str, folder: Path, **variables: str) -> dict[str, list[str]]:
    """What `gearshift settings` says of each setting: its value, unit and source."""
    done = gearshift_command("settings", *flags, folder=folder, variables=variables)
    assert (done.code, done.err) == (0, "")
    heading, *rows = done.out.splitlines()
    assert heading.split() == ["setting", "value", "unit", "from"]
    return {row.split()[0]: row.split()[1:] for row in rows}


def test_flags_before_environment_before_file_before_defaults(folder: Path) -> None:
    assert listed(folder=folder)["threads"] == ["16", "threads", "default"]
    (folder / "gearshift.toml").write_text('threads = 5\nbind = ["127.0.0.1:0"]\n')
    assert listed(folder=folder)["threads"] == ["5", "threads", "gearshift.toml"]
    assert listed(folder=folder, GEARSHIFT_THREADS="6")["threads"] == ["6", "threads", "GEARSHIFT_THREADS"]
    rows = listed("--threads", "7", folder=folder, GEARSHIFT_THREADS="6")
    assert rows["threads"] == ["7", "threads", "flag"]
    assert rows["bind"] == ["127.0.0.1:0", "gearshift.toml"]


def test_the_server_obeys_the_same_order(folder: Path) -> None:
    """Each source sets one thing of its own, and loses in what a stronger one says too."""
    (folder / "gearshift.toml").write_text(
        'app = "hello:app"\nengine = "epoll"\nthreads = 5\nbind = ["127.0.0.1:0"]\npreload_threads = true\n'
    )
    variables = {"GEARSHIFT_ENGINE": "thread", "GEARSHIFT_THREADS": "3"}
    with serving("--engine", "pool", folder=folder, variables=variables, bind="") as site:
        assert "engine pool: 3 threads, made ahead" in site.out()
        assert curl(site.url).body == b"hello"


def test_project_file(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "shop"\n[tool.gearshift]\nthreads = 9\n')
    assert listed(folder=folder)["threads"] == ["9", "threads", "pyproject.toml"]
    (folder / "other.toml").write_text("threads = 11\n")
    assert listed("--config", "other.toml", folder=folder)["threads"] == ["11", "threads", "other.toml"]


def test_several_addresses_in_each_source(folder: Path) -> None:
    with serving("--bind", f"unix:{folder}/a", "hello:app", folder=folder) as site:
        assert len(site.urls) == 2
    variables = {"GEARSHIFT_BIND": f"127.0.0.1:0,unix:{folder}/b"}
    with serving("hello:app", folder=folder, variables=variables, bind="") as site:
        assert curl("--unix-socket", f"{folder}/b", "http://any/").body == curl(site.urls[0]).body == b"hello"
    (folder / "gearshift.toml").write_text(f'bind = ["127.0.0.1:0", "unix:{folder}/c"]\n')
    with serving("hello:app", folder=folder, bind="") as site:
        assert site.urls[1] == f"unix:{folder}/c"


def test_inherited_socket(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        descriptor, port = listening.fileno(), listening.getsockname()[1]
        with serving("hello:app", folder=folder, bind=f"fd:{descriptor}", inherited=[descriptor]) as site:
            assert site.url == f"http://127.0.0.1:{port}"
            assert curl(site.url).body == b"hello"


@pytest.mark.parametrize(
    ("arguments", "named", "expected"),
    [
        (["--engine", "steam"], "--engine", "one of thread, pool, epoll"),
        (["--threads", "many"], "--threads", "a whole number of threads"),
        (["--threads", "0"], "--threads", "from 1"),
        (["--threads"], "--threads", "found nothing"),
        (["--thread", "4"], "--thread", "did you mean --threads?"),
        (["--bind", "127.0.0.1:99999"], "--bind", "from 0 to 65535"),
        (["--bind", "nowhere.invalid:0"], "nowhere.invalid", "no address"),
        (["--backlog", "-4"], "--backlog", "from 1"),
        (["--timeout-head", "0"], "--timeout-head", "above 0"),
        (["--timeout-drain", "inf"], "--timeout-drain", "seconds"),
        (["--limit-body", "1k"], "--limit-body", "bytes"),
        (["--preload-threads=yes"], "--preload-threads", "expected no value"),
        (["--access-log-format", "xml"], "--access-log-format", "common, combined, json"),
        (["--access-log", "no/such/folder/log"], "--access-log", "No such file or directory"),
        (["--error-log", "/"], "--error-log", "Is a directory"),
        (["--config", "none.toml"], "none.toml", "No such file"),
        (["--template", "none"], "none", "folder"),
        (["--frobnicate"], "--frobnicate", "there is no such flag"),
    ],
)
def test_wrong_flags_are_told_in_a_line(
    arguments: list[str], named: str, expected: str, folder: Path
) -> None:
    application = [] if "--template" in arguments else ["hello:app"]
    done = gearshift_command("serve", "--bind", "127.0.0.1:0", *application, *arguments, folder=folder)
    assert done.code in ((1, 2) if "nowhere.invalid:0" in arguments else (2,))
    assert named in done.line
    assert expected in done.line


def test_wrong_environment_and_files_are_told_in_a_line(folder: Path) -> None:
    done = gearshift_command("serve", folder=folder, variables={"GEARSHIFT_THREADS": "\x1b[31mmany"})
    assert done.code == 2
    assert "GEARSHIFT_THREADS" in done.line
    assert "\x1b" not in done.line
    for text, words in (
        ("threads = 'many'", "threads in gearshift.toml"),
        ("thread = 4", "did you mean threads?"),
        ("threads = ", "gearshift.toml"),
        ("[gearshift]\nthreads = 4", "gearshift in gearshift.toml"),
    ):
        (folder / "gearshift.toml").write_text(text)
        done = gearshift_command("serve", folder=folder)
        assert (done.code, words in done.line) == (2, True), done


def test_port_in_use_is_told_in_a_line(engine: str, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        done = gearshift_command("serve", "--engine", engine, "--bind", address, "hello:app", folder=folder)
    assert done.code == 1
    assert done.line.startswith(f"gearshift: cannot listen on {address}: the port is in use")


def test_help_is_readable(folder: Path) -> None:
    done = gearshift_command("serve", "--help", folder=folder, variables={"COLUMNS": "80"})
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("usage: gearshift serve [APP]")
    assert max(map(len, lines)) <= 80
    groups = [line for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert len(groups) == len(set(groups)) >= 6
    for name in listed(folder=folder):
        assert name == "app" or f"--{name.replace('_', '-')}" in done.out
    assert done.out == gearshift_command("serve", "-h", folder=folder, variables={"COLUMNS": "80"}).out


def test_program_without_a_command(folder: Path) -> None:
    assert "one of serve, settings, shift, status, top, doctor" in gearshift_command(folder=folder).line
    assert gearshift_command("sreve", folder=folder).code == 2
    assert "gearshift serve" in gearshift_command("--help", folder=folder).out.replace("COMMAND", "serve")
    assert gearshift_command("--version", folder=folder).out.startswith("gearshift ")


@pytest.mark.parametrize("arguments", [["settings"], ["serve", "--help"], ["--version"], ["doctor"]])
def test_an_output_that_takes_nothing_is_told_in_a_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gearshift", *arguments], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.stderr == b"gearshift: standard output: No space left on device\n"
    assert done.returncode == 1
