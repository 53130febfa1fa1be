"""What `--help` prints: the commands, and every setting under its group with its default and unit."""

from __future__ import annotations

import os
from textwrap import fill, wrap

from gearshift.cli.parser import Command
from gearshift.settings.catalogue import Settings
from gearshift.settings.declaration import Group, Switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gearshift.settings.declaration import Setting

NARROWEST = 60
WIDEST = 100
INDENT = 2
HELP_COLUMN = 32

SUMMARY = "A Python web server whose concurrency model is a switch and whose sockets are visible."
PURPOSES = {
    Command.SERVE.value: "Serve an application, a folder or the built-in page until Ctrl-C.",
    Command.SETTINGS.value: "Print every setting, its value, and where it comes from.",
    Command.SHIFT.value: "Change the engine of a running server, without losing a connection.",
    Command.STATUS.value: "Print what a running server does: engine, requests, and what auto has learnt.",
    Command.TOP.value: "Show a running server live: queues, connections, threads, where the time goes.",
    Command.DOCTOR.value: "Print what this machine offers a server, what it means, and what to do.",
    Command.BENCH.value: "Serve an application on each engine worth trying, and say which one to use and why.",
    Command.LAB.value: "Try what is said of sockets, queues, threads and engines on the kernel that runs here.",
    Command.MIGRATE.value: "Turn a command line of gunicorn or uvicorn into ours, and say what has no equal.",
    Command.LOAD.value: "Measure a server by sending it requests: throughput, latencies, errors.",
}
USAGES = {
    Command.SHIFT.value: " ENGINE [--threads N] [--pid PID | --control PATH]",
    Command.STATUS.value: " [--json] [--pid PID | --control PATH]",
    Command.TOP.value: " [--interval SECONDS] [--pid PID | --control PATH]",
    Command.DOCTOR.value: "",
    Command.BENCH.value: " [APP] [FLAG]...",
    Command.LAB.value: " list | run (NAME... | all) [--report DIR] [--lang en|zh]",
    Command.MIGRATE.value: " -- gunicorn|uvicorn ARGUMENTS... | gunicorn.conf.py",
    Command.LOAD.value: " URL [FLAG]...",
}
OWN_FLAGS = {
    "ENGINE": "The engine that is to serve: thread, pool, epoll, uring or auto.",
    "--threads N": "Threads that run handlers, in pool and auto; as many as before by default.",
    "--json": "For programs: one object.",
    "--interval SECONDS": "From one look to the next. [1 s]",
    "--report DIR": "A folder, in which index.html shows figures and pictures too.",
    "--lang en|zh": "English or Simplified Chinese. [en]",
    "--pid PID": "The server's process; not needed where this user runs one server.",
    "--control PATH": "Its control socket, where that is not in the usual place.",
}
LOAD_FLAGS = {
    "URL": "The server: http://HOST[:PORT][/PATH], or unix:SOCKET[:/PATH].",
    "--connections N": "Connections at once. [64]",
    "--seconds S": "How long it is measured. [10 s]",
    "--rate R": "Requests due a second, whether or not the server keeps up (an open loop); latencies count from when"
    " a request was due. Without it each connection asks again when it has been answered.",
    "--pipeline N": "Requests at once on each connection. [1]",
    "--method NAME": "[GET]",
    "--header 'NAME: VALUE'": "A header field; may be said several times.",
    "--body TEXT|@FILE": "What is sent with each request.",
    "--requests FILE": "Requests to take in turn, one on each line: METHOD PATH, or a path alone.",
    "--close": "A connection for each request.",
    "--timeout S": "For a connection to be made, and for an answer. [5 s]",
    "--warmup S": "How long it runs before what is measured begins. [0 s]",
    "--plot FILE": "Draw latency by percentile: FILE.svg or FILE.png. Needs the extra lab.",
    "--json": "For programs: one object.",
}
BENCH_FLAGS = {
    "APP": "What to serve, as for gearshift serve: module:attribute, module:factory(), a folder.",
    "--path PATH": "What to ask for. May be given several times. [/]",
    "--requests FILE": "What to ask for: METHOD PATH or a path on each line, taken in turn.",
    "--access-log FILE": "What to ask for, as recorded: common, combined or json; GET and HEAD of it.",
    "--target-ms MS": "Within which 99 of 100 requests are to be answered. [100 ms]",
    "--connections N": "That the load keeps open. [64]",
    "--seconds S": "For all of it. [75 s, and 12 s for each of --versus]",
    "--engines LIST": "Those to try, with commas between. [all]",
    "--threads LIST": "Numbers of threads to try in pool and auto, with commas between. [4,16,64]",
    "--versus LIST": "To put beside it: gunicorn, uvicorn, granian, waitress, hypercorn of this environment.",
    "--interface auto|wsgi|asgi": "How the application is called. [auto]",
    "--report FILE": "A page of HTML with pictures. Needs gearshift[lab].",
    "--json": "For programs: one object.",
}
FLAGS_OF = {Command.LOAD.value: LOAD_FLAGS, Command.BENCH.value: BENCH_FLAGS}
PRECEDENCE = (
    "A setting may also be given in the environment (GEARSHIFT_THREADS=8), or in gearshift.toml or the table"
    " [tool.gearshift] of pyproject.toml in the current folder (threads = 8). Flags win over the environment,"
    " the environment over the file."
)


def help_text(topic: str, width: int | None = None) -> str:
    """The help for a command, or for the program when `topic` is "".

    width: in columns; by default the terminal's, within limits.
    """
    columns = width if width is not None else _terminal_width()
    return _command_help(topic, columns) if topic else _program_help(columns)


def _program_help(width: int) -> str:
    rows = [_entry(word, purpose, width) for word, purpose in PURPOSES.items()]
    rows += [_entry("--version", "Print the version.", width), _entry("-h, --help", "Print this.", width)]
    return "\n".join(
        ["usage: gearshift COMMAND [APP] [SETTING]...", "", fill(SUMMARY, width), "", *rows, "", _more(width)]
    )


def _more(width: int) -> str:
    return fill("gearshift COMMAND --help tells every setting.", width) + "\n"


def _command_help(command: str, width: int) -> str:
    if command in USAGES:
        known = FLAGS_OF.get(command) or {
            term: said for term, said in OWN_FLAGS.items() if term in USAGES[command]
        }
        rows = [_entry(term, meaning, width) for term, meaning in known.items()]
        lines = [f"usage: gearshift {command}{USAGES[command]}", "", fill(PURPOSES[command], width)]
        return "\n".join([*lines, *([""] if rows else []), *rows]) + "\n"
    usage = f"usage: gearshift {command} [APP] [--engine ENGINE] [--bind ADDRESS]... [SETTING]..."
    lines = [usage, "", fill(PURPOSES[command], width)]
    for group in Group:
        lines += ["", f"{group.value}:"]
        for setting in Settings.declarations().values():
            if setting.group is group:
                lines.append(_entry(_spelling(setting), _meaning(setting), width))
    return "\n".join([*lines, "", fill(PRECEDENCE, width)]) + "\n"


def _entry(term: str, meaning: str, width: int) -> str:
    """A term and, from the help column on, what it means; below the term where that is too long."""
    lines = wrap(meaning, width - HELP_COLUMN, break_on_hyphens=False)
    head = " " * INDENT + term
    if len(head) + 2 <= HELP_COLUMN:
        head = head.ljust(HELP_COLUMN) + lines.pop(0)
    return "\n".join([head, *(" " * HELP_COLUMN + line for line in lines)])


def _spelling(setting: Setting) -> str:
    if setting.positional:
        return setting.flag
    if isinstance(setting, Switch):
        return f"{setting.flag}, {setting.negation}"
    return f"{setting.flag} {setting.metavar}"


def _meaning(setting: Setting) -> str:
    """What it does, its default and its unit."""
    if setting.default == "":
        return setting.help
    unit = f" {setting.unit}" if setting.unit else ""
    return f"{setting.help} [{setting.in_words(setting.default)}{unit}]"


def _terminal_width() -> int:
    try:
        columns = int(os.environ.get("COLUMNS", "")) or WIDEST
    except ValueError:
        try:
            columns = os.get_terminal_size().columns
        except OSError:  # not a terminal
            columns = WIDEST
    return max(NARROWEST, min(columns, WIDEST))
