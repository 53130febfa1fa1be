"""`gearshift doctor`: what is found, and when there is something to do."""

from __future__ import annotations

import pytest

from gearshift.cli import doctor, main
from gearshift.kernel.limits import DescriptorLimits

NAMES = [
    "Python",
    "processors",
    "io_uring",
    "net.core.somaxconn",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_abort_on_overflow",
    "open descriptors",
]


def test_it_prints_each_thing_with_what_it_means(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    blocks = capsys.readouterr().out.rstrip("\n").split("\n\n")
    assert [block.partition(":")[0] for block in blocks] == NAMES
    assert all(len(line) <= 100 for block in blocks for line in block.splitlines()[1:])
    assert all(block.count("\n") >= 1 for block in blocks)


def test_it_takes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "now"]) == 2
    assert capsys.readouterr().err == "gearshift: doctor: found 'now', expected nothing\n"
    assert main(["doctor", "--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: gearshift doctor\n")


def test_few_descriptors_and_a_short_queue_are_advised_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "descriptor_limits", lambda: DescriptorLimits(256, 4096))
    monkeypatch.setattr(doctor, "somaxconn", lambda: 128)
    monkeypatch.setattr(doctor, "_number", {doctor.IPV4 + "tcp_abort_on_overflow": 1}.get)
    found = {finding.name: finding for finding in doctor.findings()}
    assert found["open descriptors"].value == "at most 256 (hard limit 4096)"
    assert "LimitNOFILE=10064" in found["open descriptors"].advice
    assert "net.core.somaxconn=2048" in found["net.core.somaxconn"].advice
    assert "tcp_abort_on_overflow=0" in found["net.ipv4.tcp_abort_on_overflow"].advice
    assert found["net.ipv4.tcp_max_syn_backlog"].value == "not visible here"


def test_enough_needs_no_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "descriptor_limits", lambda: DescriptorLimits(100_000, 100_000))
    monkeypatch.setattr(doctor, "somaxconn", lambda: 4096)
    monkeypatch.setattr(doctor, "_number", lambda path: 0 if "abort" in path else 4096)
    found = {finding.name: finding for finding in doctor.findings()}
    for name in NAMES[3:]:
        assert found[name].advice == "", name


def test_a_refused_ring_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gearshift.engines.ring.refusal", lambda: "the kernel says no")
    finding = doctor._io_uring()
    assert finding.value == "not usable: the kernel says no"
    assert "epoll" in finding.advice
