"""Certificates and keys that can't be used are told in one line that names the setting; changed ones are taken."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from gearshift.errors import SettingError
from gearshift.settings import Settings
from gearshift.tls import secured
from gearshift.tls.keyring import Keyring
from gearshift.tls.renewal import Renewal
from tests.support.process import command, environment
from tests.support.sealed import certificates


class Log:
    """What an error log was told."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.infos: list[str] = []

    def error(self, text: str) -> None:
        self.errors.append(text)

    def info(self, text: str) -> None:
        self.infos.append(text)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Files of all kinds, by what they are."""
    kept = certificates()
    other = kept.issue("kept-other", "other.test")
    key = load_pem_private_key(Path(kept.key).read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )
    both = tmp_path / "both.pem"
    both.write_text(Path(kept.key).read_text() + Path(kept.chain).read_text())
    text = tmp_path / "text"
    text.write_text("no certificate\n")
    return {
        "chain": kept.chain,
        "key": kept.key,
        "ca": kept.ca,
        "other chain": other[0],
        "other key": other[1],
        "locked": str(locked),
        "both": str(both),
        "text": str(text),
        "nothing": str(tmp_path / "nothing"),
        "folder": str(tmp_path),
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"certfile": "nothing"}, "--certfile: found {nothing} (no such file or directory), expected a"),
        ({"certfile": "folder"}, "--certfile: found {folder} (is a directory), expected a certificate in PEM"),
        ({"certfile": "text"}, "--certfile: found {text} (no certificate in it), expected a certificate in PEM"),
        ({"certfile": "chain"}, "--certfile: found no private key in {chain}, expected one in it, or a --keyfile"),
        ({"certfile": "chain", "keyfile": "nothing"}, "--keyfile: found {nothing} (no such file or directory)"),
        ({"certfile": "chain", "keyfile": "text"}, "--keyfile: found {text} ("),
        ({"certfile": "chain", "keyfile": "other key"},
         "--keyfile: found another certificate's key in {other key}, expected that of {chain}"),
        ({"certfile": "chain", "keyfile": "locked"}, "--keyfile: found a key with a passphrase in {locked}, expected"),
        ({"keyfile": "key"}, "--certfile: found nothing, expected a certificate beside the other settings of TLS"),
        ({"certfile": "both", "client_certificate": "required"}, "--client-ca: found nothing, expected whom to trust"),
        ({"certfile": "both", "client_certificate": "optional", "client_ca": "text"}, "--client-ca: found {text} ("),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(files: dict[str, str], said: dict[str, str], expected: str) -> None:
    settings = Settings.of(**{name: files.get(value, value) for name, value in said.items()})
    with pytest.raises(SettingError) as raised:
        secured(settings, [], Log())  # type: ignore[arg-type]
    assert str(raised.value).startswith(expected.format(**files))
    assert "\n" not in str(raised.value)


def test_a_key_for_each_or_for_none(files: dict[str, str]) -> None:
    chains = (files["chain"], files["other chain"])
    with pytest.raises(SettingError, match="--keyfile: found 1 for 2 of --certfile"):
        Keyring(Settings.of(certfile=chains, keyfile=files["key"]))
    assert len(
        Keyring(Settings.of(certfile=chains, keyfile=(files["key"], files["other key"]))).current.certificates
    )


def test_a_wrong_certificate_ends_the_program_with_2(files: dict[str, str]) -> None:
    done = subprocess.run(
        command("--certfile", files["text"], "--bind", "127.0.0.1:0"),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("gearshift: --certfile: found ")


def test_defaults_are_modern(files: dict[str, str]) -> None:
    context = Keyring(Settings.of(certfile=files["both"])).current.default.context
    suites: list[dict[str, Any]] = context.get_ciphers()
    assert all(suite["aead"] for suite in suites)
    assert {suite["kea"] for suite in suites} == {"kx-ecdhe", "kx-any"}
    assert context.minimum_version.name == "TLSv1_2"
    assert context.num_tickets == 1


# ---- changed files -----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> tuple[str, str]:
    """Files that a test may change."""
    found = (str(tmp_path / "cert.pem"), str(tmp_path / "cert.key"))
    shutil.copy(certificates().chain, found[0])
    shutil.copy(certificates().key, found[1])
    return found


def names(keyring: Keyring) -> tuple[str, ...]:
    return keyring.current.default.names


def test_changed_files_are_taken_once_they_rest(kept: tuple[str, str]) -> None:
    keyring, log = Keyring(Settings.of(certfile=kept[0], keyfile=kept[1])), Log()
    renewal = Renewal(keyring, log)  # type: ignore[arg-type]
    before = keyring.current
    renewal.look()
    assert keyring.current is before
    other = certificates().issue("kept-renewed", "renewed.test")
    shutil.copy(other[0], kept[0])
    renewal.look()  # the key is still the former: nothing is said of a change that goes on
    shutil.copy(other[1], kept[1])
    renewal.look()
    assert keyring.current is before
    assert log.errors == []
    renewal.look()
    assert names(keyring) == ("renewed.test",)
    assert len(log.infos) == 1
    renewal.look()
    assert len(log.infos) == 1


def test_broken_files_are_told_once_and_mended_ones_taken(kept: tuple[str, str]) -> None:
    keyring, log = Keyring(Settings.of(certfile=kept[0], keyfile=kept[1])), Log()
    renewal = Renewal(keyring, log)  # type: ignore[arg-type]
    before = keyring.current
    for change in (lambda: Path(kept[0]).write_text("rubbish"), lambda: Path(kept[0]).unlink()):
        change()
        for _ in range(4):
            renewal.look()
        assert keyring.current is before
    assert [error.partition(": --certfile: ")[0] for error in log.errors] == [
        "the changed certificates are not taken, the former stay in use"
    ] * 2
    shutil.copy(certificates().chain, kept[0])
    renewal.look()
    renewal.look()
    assert keyring.current is not before
    assert len(log.infos) == 1


def test_paths_of_all_kinds() -> None:
    assert Settings.of(certfile=Path("a.pem")).certfile == ("a.pem",)
    assert Settings.of(certfile=["a.pem", Path("b.pem")]).certfile == ("a.pem", "b.pem")
    for wrong in (5, [5], "", [""], "a\0b"):
        with pytest.raises(SettingError, match="certfile=: found"):
            Settings.of(certfile=wrong)
