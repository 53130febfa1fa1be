"""errors.py: one tree, one line, the right exit code."""

import pytest

from gearshift.errors import (
    ApplicationLoadError,
    GearshiftError,
    ListenError,
    SettingError,
    WrongValueError,
    did_you_mean,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingError("x"), 2),
        (WrongValueError("--threads", "'many'", "a number"), 2),
        (ListenError("x"), 1),
        (ApplicationLoadError("no such module"), 2),
        (ApplicationLoadError("raised", "Traceback ..."), 1),
    ],
)
def test_every_error_is_a_gearshift_error_with_its_exit_code(error: GearshiftError, code: int) -> None:
    assert isinstance(error, GearshiftError)
    assert error.exit_code == code


def test_a_wrong_value_names_place_found_and_expected() -> None:
    error = WrongValueError("threads", "'many'", "a whole number")
    assert str(error.at("GEARSHIFT_THREADS")) == "GEARSHIFT_THREADS: found 'many', expected a whole number"


def test_the_nearest_name_is_suggested_and_no_far_one() -> None:
    assert did_you_mean("thraeds", ["threads", "bind"]) == " (did you mean threads?)"
    assert did_you_mean("zzz", ["threads", "bind"]) == ""
