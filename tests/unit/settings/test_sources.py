"""Precedence, the file, and the one line that a wrong value gives."""

import sys
from pathlib import Path

import pytest

from gearshift.errors import SettingError
from gearshift.settings import Settings, resolve
from gearshift.settings.sources import unknown_variables


def refusal(
    folder: Path, flags: dict[str, object] | None = None, environ: dict[str, str] | None = None
) -> str:
    with pytest.raises(SettingError) as caught:
        resolve(flags or {}, environ or {}, folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_defaults(tmp_path: Path) -> None:
    settings = resolve({}, {}, tmp_path)
    assert settings.app == ""
    assert settings.interface == "auto"
    assert settings.engine == "auto"
    assert settings.bind == ("127.0.0.1:8088",)
    assert (settings.backlog, settings.threads, settings.preload_threads) == (2048, 16, False)
    assert (settings.max_connections, settings.max_waiting) == (10_000, 1000)
    assert (settings.limit_head, settings.limit_fields, settings.limit_field) == (65_536, 128, 16_384)
    assert (settings.limit_target, settings.limit_body) == (8192, 2**31)
    assert settings.limit_body_memory == 262_144
    assert (settings.timeout_head, settings.timeout_body, settings.timeout_write) == (10.0, 30.0, 30.0)
    assert (settings.timeout_keep_alive, settings.timeout_drain) == (75.0, 30.0)
    assert (settings.template, settings.listing) == ("", False)
    assert (settings.access_log, settings.access_log_format, settings.error_log) == ("", "combined", "-")
    assert settings.monitor == 0.0
    assert {settings.source(name) for name in settings.declarations()} == {"default"}


def test_flags_win_over_environment_over_file_over_default(tmp_path: Path) -> None:
    (tmp_path / "gearshift.toml").write_text("threads = 1\nbacklog = 1\nmax_waiting = 1\n")
    environ = {"GEARSHIFT_THREADS": "2", "GEARSHIFT_BACKLOG": "2"}
    settings = resolve({"threads": "3"}, environ, tmp_path)
    assert (settings.threads, settings.source("threads")) == (3, "flag")
    assert (settings.backlog, settings.source("backlog")) == (2, "GEARSHIFT_BACKLOG")
    assert (settings.max_waiting, settings.source("max_waiting")) == (1, "gearshift.toml")
    assert (settings.limit_head, settings.source("limit_head")) == (65_536, "default")


def test_a_flag_can_switch_off_what_the_environment_switches_on(tmp_path: Path) -> None:
    settings = resolve({"listing": False}, {"GEARSHIFT_LISTING": "1"}, tmp_path)
    assert settings.listing is False


def test_every_kind_of_value_can_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "gearshift.toml").write_text(
        'app = "app:app"\nbind = [":1", "unix:/x"]\nlisting = true\ntimeout_head = 2\nengine = "pool"\n'
    )
    settings = resolve({}, {}, tmp_path)
    assert (settings.app, settings.bind) == ("app:app", (":1", "unix:/x"))
    assert (settings.listing, settings.timeout_head, settings.engine) == (True, 2.0, "pool")


def test_pyproject_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.gearshift]\nthreads = 5\n")
    settings = resolve({}, {}, tmp_path)
    assert (settings.threads, settings.source("threads")) == (5, "pyproject.toml")


@pytest.mark.parametrize(
    "content",
    [
        "[project]\nname = 'other'\n",
        "[project]\ndependencies = ['gearshift']\n",
        "tool = 'gearshift'\n",
        "[tool.gearshift]\n",
        "not TOML at all, and none of our business",
    ],
)
def test_a_pyproject_without_our_table_counts_for_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "pyproject.toml").write_text(content)
    (tmp_path / "gearshift.toml").write_text("threads = 3\n")
    assert resolve({}, {}, tmp_path).threads == 3


def test_tomllib_is_not_imported_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    monkeypatch.setitem(sys.modules, "tomllib", None)  # importing it would raise
    resolve({}, {}, tmp_path)


def test_two_places_for_the_same_settings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.gearshift]\nthreads = 5\n")
    (tmp_path / "gearshift.toml").write_text("threads = 5\n")
    assert "expected only one of them" in refusal(tmp_path)


@pytest.mark.parametrize("by", ["flag", "environment"])
def test_another_file_can_be_named(tmp_path: Path, by: str) -> None:
    (tmp_path / "gearshift.toml").write_text("threads = 5\n")
    (tmp_path / "other.toml").write_text("threads = 6\n")
    flags: dict[str, object] = {"config": "other.toml"} if by == "flag" else {}
    environ = {} if by == "flag" else {"GEARSHIFT_CONFIG": "other.toml"}
    settings = resolve(flags, environ, tmp_path)
    assert (settings.threads, settings.source("threads")) == (6, "other.toml")


def test_a_wrong_value_is_named_as_the_user_wrote_it(tmp_path: Path) -> None:
    expected = "expected a whole number of threads from 1 to 100000"
    assert refusal(tmp_path, {"threads": "many"}) == f"--threads: found 'many', {expected}"
    environ = {"GEARSHIFT_THREADS": ""}
    assert refusal(tmp_path, None, environ) == f"GEARSHIFT_THREADS: found '', {expected}"
    (tmp_path / "gearshift.toml").write_text("threads = true\n")
    assert refusal(tmp_path) == f"threads in gearshift.toml: found true, {expected}"
    (tmp_path / "gearshift.toml").unlink()
    (tmp_path / "pyproject.toml").write_text("[tool.gearshift]\nthreads = 0\n")
    assert refusal(tmp_path) == f"tool.gearshift.threads in pyproject.toml: found 0, {expected}"


def test_a_wrong_address_is_named_as_the_user_wrote_it(tmp_path: Path) -> None:
    assert refusal(tmp_path, {"bind": ["x"]}).startswith("--bind: found 'x', expected HOST:PORT")
    assert refusal(tmp_path, {"bind": [":1,:2"]}).endswith(" or systemd, a flag for each")
    environ = {"GEARSHIFT_BIND": ":80,:99999"}
    assert refusal(tmp_path, None, environ).startswith("GEARSHIFT_BIND: found 99999 in ':99999'")


def test_unknown_keys_are_refused_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "gearshift.toml").write_text("thraeds = 1\n")
    expected = "thraeds in gearshift.toml: there is no such setting (did you mean threads?)"
    assert refusal(tmp_path) == expected
    (tmp_path / "gearshift.toml").write_text('config = "x"\n')
    assert refusal(tmp_path) == "config in gearshift.toml: there is no such setting"


@pytest.mark.parametrize("content", [b"threads = \n", b"threads = 1\nthreads = 2\n", b"app = '\xff'\n"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "gearshift.toml").write_bytes(content)
    line = refusal(tmp_path)
    assert line.startswith("gearshift.toml: ")
    assert line.endswith("expected a TOML file")


def test_a_table_of_another_type_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\ngearshift = 3\n")
    assert refusal(tmp_path) == "tool.gearshift in pyproject.toml: found 3, expected a table"


def test_a_wrong_config_is_named_as_the_user_said_it(tmp_path: Path) -> None:
    missing = "no.toml: No such file or directory, expected a readable TOML file"
    assert refusal(tmp_path, {"config": "no.toml"}) == f"--config: {missing}"
    assert refusal(tmp_path, None, {"GEARSHIFT_CONFIG": "no.toml"}) == f"GEARSHIFT_CONFIG: {missing}"
    (tmp_path / "no.toml").write_text("threads = \n")
    assert refusal(tmp_path, {"config": "no.toml"}).startswith("--config: no.toml: ")


def test_strange_variables_are_left_alone_but_can_be_listed(tmp_path: Path) -> None:
    environ = {
        "GEARSHIFT_TREADS": "3",
        "GEARSHIFT_THREADS": "4",
        "GEARSHIFT_PORT_80_TCP": "tcp://",
        "HOME": "/",
    }
    assert resolve({}, environ, tmp_path).threads == 4
    assert unknown_variables(environ) == [
        "GEARSHIFT_PORT_80_TCP",
        "GEARSHIFT_TREADS (did you mean GEARSHIFT_THREADS?)",
    ]


def test_keywords_of_the_python_api() -> None:
    settings = Settings.of(bind="127.0.0.1:0", threads=2, access_log=Path("/tmp/log"))
    assert (settings.bind, settings.threads, settings.access_log) == (("127.0.0.1:0",), 2, "/tmp/log")
    assert (settings.source("bind"), settings.source("backlog")) == ("keyword", "default")
    assert repr(settings) == "Settings(bind=('127.0.0.1:0',), threads=2, access_log='/tmp/log')"
    assert repr(Settings.of(status_token="open-sesame")) == "Settings(status_token=(not shown))"


def test_wrong_keywords() -> None:
    with pytest.raises(SettingError, match=r"^thread=: there is no such setting \(did you mean threads\?\)$"):
        Settings.of(thread=2)
    with pytest.raises(SettingError, match=r"^threads=: found '2', expected a whole number"):
        Settings.of(threads="2")
    with pytest.raises(SettingError, match=r"^config=: there is no such setting$"):
        Settings.of(config="x")


def test_settings_are_immutable() -> None:
    settings = Settings.of()
    with pytest.raises(AttributeError):
        settings.threads = 3  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        settings.anything = 3  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        settings.values["threads"] = 3  # type: ignore[index]
