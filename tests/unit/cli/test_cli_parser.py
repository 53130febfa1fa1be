"""The command line's grammar."""

import pytest

from gearshift.cli.parser import Command, parse
from gearshift.errors import SettingError


def test_flags_in_every_form_and_order() -> None:
    arguments = "serve --threads 4 app:app --bind=:1 --listing --bind :2 --no-preload-threads --access-log -"
    found = parse(arguments.split())
    assert found.command is Command.SERVE
    assert found.flags == {
        "threads": "4",
        "app": "app:app",
        "bind": [":1", ":2"],
        "listing": True,
        "preload_threads": False,
        "access_log": "-",
    }


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        (["--threads", "1", "--threads", "2"], {"threads": "2"}),
        (["--listing", "--no-listing"], {"listing": False}),
        (["--compress", "zstd, br", "--compress=gzip"], {"compress": ["zstd", "br", "gzip"]}),
        (["--trusted-proxies", "10.0.0.0/8,unix"], {"trusted_proxies": ["10.0.0.0/8", "unix"]}),
        (["--reload-dir", "a,b", "--bind", "unix:a,b"], {"reload_dir": ["a,b"], "bind": ["unix:a,b"]}),
        (["--threads", "-5"], {"threads": "-5"}),
        (["--template="], {"template": ""}),
        (["--template=a=b"], {"template": "a=b"}),
        (["--", "--odd-folder"], {"app": "--odd-folder"}),
        ([""], {"app": ""}),
        ([], {}),
    ],
)
def test_corners(arguments: list[str], flags: dict[str, object]) -> None:
    assert parse(["settings", *arguments]).flags == flags


@pytest.mark.parametrize(
    ("arguments", "command", "topic"),
    [
        (["--help"], Command.HELP, ""),
        (["-h"], Command.HELP, ""),
        (["serve", "--help"], Command.HELP, "serve"),
        (["settings", "--threads", "4", "-h"], Command.HELP, "settings"),
        (["--version"], Command.VERSION, ""),
    ],
)
def test_help_and_version(arguments: list[str], command: Command, topic: str) -> None:
    found = parse(arguments)
    assert (found.command, found.topic) == (command, topic)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            [],
            "found no command, expected one of serve, settings, shift, status, top,"
            " doctor, load, lab, bench, migrate (gearshift --help tells more)",
        ),
        (
            ["serv"],
            "found no command 'serv' (did you mean serve?), expected one of serve, settings, shift, status, top,"
            " doctor, load, lab, bench, migrate (gearshift --help tells more)",
        ),
        (["serve", "--thread", "4"], "--thread: there is no such flag (did you mean --threads?)"),
        (["serve", "-t"], "-t: there is no such flag"),
        (["serve", "--no-threads"], "--no-threads: there is no such flag (did you mean --threads?)"),
        (["serve", "--engine"], "--engine: found nothing, expected one of thread, pool, epoll, uring, auto"),
        (
            ["serve", "--engine", "--listing"],
            "--engine: found --listing, expected one of thread, pool, epoll, uring, auto",
        ),
        (["serve", "--listing=yes"], "--listing: found 'yes', expected no value"),
        (["serve", "a", "b"], "APP: found 'a' and 'b', expected one application"),
        (["serve", "a", "--", "b"], "APP: found 'a' and 'b', expected one application"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], line: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse(arguments)
    assert str(caught.value) == line
