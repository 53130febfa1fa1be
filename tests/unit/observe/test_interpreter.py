"""Which interpreter runs, in words."""

import sys

import pytest

from gearshift.observe.interpreter import has_lock, interpreter_in_words, is_free_threaded

NAME = f"CPython {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"


@pytest.mark.parametrize(
    ("flags", "locked", "words"),
    [
        ("", True, NAME),
        ("t", False, f"{NAME} free-threaded, no interpreter lock"),
        (
            "td",
            True,
            f"{NAME} free-threaded, with the interpreter lock on (an extension module or PYTHON_GIL turned it on)",
        ),
    ],
)
def test_words(flags: str, locked: bool, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "abiflags", flags)
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: locked, raising=False)
    assert interpreter_in_words() == words


def test_older_interpreters_have_their_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "_is_gil_enabled", raising=False)
    assert has_lock()


def test_this_one() -> None:
    """What it was built as, the interpreter's own configuration says."""
    import sysconfig

    assert is_free_threaded() == bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
