"""The catalogue as a whole."""

import pytest

from gearshift.errors import SettingError
from gearshift.settings import Settings
from gearshift.settings.declaration import Group, Setting

DECLARED = list(Settings.declarations().values())


@pytest.mark.parametrize("setting", DECLARED, ids=lambda setting: setting.name)
def test_every_default_is_a_value_that_the_setting_takes(setting: Setting) -> None:
    assert setting.from_value(setting.default) == setting.default


@pytest.mark.parametrize("setting", DECLARED, ids=lambda setting: setting.name)
def test_every_setting_is_explained_in_a_sentence(setting: Setting) -> None:
    assert setting.help[0].isupper() or setting.help.startswith("common")
    assert setting.help.endswith(".")


def test_every_group_has_settings_and_groups_stand_together() -> None:
    order = list(dict.fromkeys(setting.group for setting in DECLARED))
    assert order == list(Group)


def test_flags_and_variables_are_unique() -> None:
    assert len({setting.flag for setting in DECLARED}) == len(DECLARED)
    assert len({setting.variable for setting in DECLARED}) == len(DECLARED)


@pytest.mark.parametrize("name", ["limit_head", "limit_fields", "limit_field", "limit_target"])
def test_limits_of_a_head_are_counted_in_32_bits(name: str) -> None:
    setting = Settings.declarations()[name]
    assert setting.from_text(str(2**30)) == 2**30
    with pytest.raises(SettingError, match="from"):
        setting.from_text(str(2**30 + 1))
