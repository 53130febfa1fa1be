"""deploy/ and docs/metrics.md name what is really exposed: every metric, every label, every value of a label."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser
import pytest
import yaml
from prometheus_client import generate_latest

from gearshift.observe.metric_memory import MetricMemory
from gearshift.observe.metrics import StatusCollector
from gearshift.settings import Settings
from tests.support.full_status import full_status

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
ALERT_CASES = Path(__file__).with_name("alerts.test.yml")
DASHBOARD = ROOT / "deploy" / "grafana" / "gearshift.json"
DOCUMENT = ROOT / "docs" / "metrics.md"

# Prometheus adds these to whatever it scrapes.
ADDED_LABELS = {"job", "instance"}
# What Grafana puts in the place of its variables before Prometheus sees an expression.
GRAFANA = {"$__rate_interval": "5m", "$__range": "1h"}
ROW = re.compile(r"^\| `([a-z0-9_]+)` \| (\w+) \| (.*?) \| (.+) \|$", re.MULTILINE)
SUFFIXES = {"counter": "_total", "info": "_info"}


class Selected(NamedTuple):
    """A metric in an expression, and the labels that it is asked for."""

    metric: str
    labels: dict[str, str]


def families() -> list[Any]:
    return list(StatusCollector(full_status(), 0.001, MetricMemory()).collect())


def series() -> dict[str, list[dict[str, str]]]:
    """Every series that is exposed: its name, and the labels of each."""
    found: dict[str, list[dict[str, str]]] = {}
    for family in families():
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


SERIES = series()


def nodes(expression: Any) -> Iterator[Any]:
    """An expression and all that it is made of."""
    yield expression
    inner = (
        getattr(expression, name, None) for name in ("expr", "lhs", "rhs", "param", "vector_selector", "vs")
    )
    for part in [*inner, *getattr(expression, "args", ())]:
        if isinstance(part, promql_parser.Expr):
            yield from nodes(part)


def selected(text: str) -> list[Selected]:
    """Every selector in a PromQL expression."""
    for variable, words in GRAFANA.items():
        text = text.replace(variable, words)
    found = []
    for node in nodes(promql_parser.parse(text)):
        if isinstance(node, promql_parser.VectorSelector):
            labels = {matcher.name: matcher.value for matcher in node.matchers.matchers}
            found.append(Selected(node.name, labels))
    return found


def grouped(text: str) -> set[str]:
    """Labels that an expression groups by."""
    return {label.strip() for labels in re.findall(r"\bby \(([^)]*)\)", text) for label in labels.split(",")}


def rules() -> list[dict[str, Any]]:
    told = yaml.safe_load(ALERTS.read_text())
    return [rule for group in told["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def dashboard_expressions() -> list[str]:
    board = json.loads(DASHBOARD.read_text())
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    found += [annotation["expr"] for annotation in board["annotations"]["list"]]
    for variable in board["templating"]["list"]:
        asked = re.fullmatch(r"label_values\((.*), (\w+)\)", variable.get("definition", ""))
        if asked:
            found.append(f"sum by ({asked[2]}) ({asked[1]})")
    return found


def check(expression: str) -> None:
    chosen = selected(expression)
    assert chosen
    for metric, labels in chosen:
        assert metric in SERIES, metric
        for label, wanted in labels.items():
            if label in ADDED_LABELS:
                continue
            values = {each[label] for each in SERIES[metric] if label in each}
            assert values, f"{metric} has no label {label}"
            assert wanted == "$kind" or any(re.fullmatch(wanted, value) for value in values), wanted
    exposed = {label for metric, _ in chosen for each in SERIES[metric] for label in each}
    assert grouped(expression) <= exposed | ADDED_LABELS


def test_the_reader_of_expressions_sees_every_selector() -> None:
    """A check that sees nothing would hold for ever."""
    text = (
        'topk(3, sum by (a) (rate(x{b="c"}[$__rate_interval])) / avg(y) > bool 2) and -z or deriv(w[5m]) < v'
    )
    assert {each.metric for each in selected(text)} == {"x", "y", "z", "w", "v"}
    assert selected(text)[0].labels in ({"b": "c"}, {})
    assert grouped(text) == {"a"}
    with pytest.raises(AssertionError):
        check("gearshift_no_such_metric")
    with pytest.raises(AssertionError):
        check('gearshift_listener_drops_total{phase="idle"}')
    with pytest.raises(AssertionError):
        check('gearshift_connections_in_phase{phase="sleeping"}')
    with pytest.raises(AssertionError):
        check("sum by (listener) (gearshift_requests_total)")


# ---- alerts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_is_exposed(rule: dict[str, Any]) -> None:
    check(rule["expr"])
    labels = {label for metric, _ in selected(rule["expr"]) for each in SERIES[metric] for label in each}
    named = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
    assert named <= labels | ADDED_LABELS


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule["annotations"]) == {"summary", "action"}
    assert "{{ $labels.instance }}" in rule["annotations"]["summary"]
    assert len(rule["annotations"]["action"].split()) > 10
    assert rule["labels"]["severity"] in ("warning", "critical")


def test_alerts_cover_what_goes_wrong() -> None:
    asked = {metric for rule in rules() for metric, _ in selected(rule["expr"])}
    assert asked >= {
        "gearshift_listener_accept_queue",
        "gearshift_listener_drops_total",
        "gearshift_requests_shed_total",
        "gearshift_request_queue_seconds_sum",
        "gearshift_descriptors_open",
        "gearshift_connections_in_tcp_state",
        "gearshift_loop_lag_max_seconds",
        "gearshift_stuck_handlers",
    }


def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    return found


def test_promtool_takes_the_alerts() -> None:
    done = subprocess.run(
        [promtool(), "check", "rules", str(ALERTS)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules())} rules found" in done.stdout


def test_alerts_fire_where_they_should_and_only_there() -> None:
    cases = yaml.safe_load(ALERT_CASES.read_text())["tests"]
    fired = {
        sample["labels"]
        for case in cases
        for test in case["promql_expr_test"]
        for sample in test["exp_samples"]
    }
    assert fired == {f'{{alertname="{rule["alert"]}"}}' for rule in rules()}
    done = subprocess.run(
        [promtool(), "test", "rules", str(ALERT_CASES)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_exposition() -> None:
    collector: Any = StatusCollector(full_status(), 0.001, MetricMemory())
    done = subprocess.run(
        [promtool(), "check", "metrics"], input=generate_latest(collector), capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == b""


# ---- the dashboard -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("expression", dashboard_expressions())
def test_the_dashboard_asks_for_what_is_exposed(expression: str) -> None:
    check(expression)


def test_a_legend_names_labels_that_its_expression_leaves() -> None:
    for panel in panels():
        for target in panel["targets"]:
            named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            by = grouped(target["expr"])
            whole = {
                label for metric, _ in selected(target["expr"]) for each in SERIES[metric] for label in each
            }
            assert named <= (by or whole | ADDED_LABELS), panel["title"]


def test_panels_have_titles_of_their_own_and_stand_beside_one_another() -> None:
    board = json.loads(DASHBOARD.read_text())
    everything = board["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    assert len({panel["title"] for panel in everything}) == len(everything)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        place = panel["gridPos"]
        cells = {
            (place["x"] + column, place["y"] + line)
            for column in range(place["w"])
            for line in range(place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


# ---- the document ------------------------------------------------------------------------------------------


def documented_rows() -> list[tuple[str, str, str, str]]:
    rows = []
    for family in families():
        names = sorted({label for sample in family.samples for label in sample.labels})
        labels = ", ".join(f"`{label}`" for label in names if label != "le")
        name = family.name + SUFFIXES.get(family.type, "")
        rows.append((name, family.type, labels, family.documentation))
    return rows


def test_the_document_lists_every_metric_and_no_other() -> None:
    assert ROW.findall(DOCUMENT.read_text()) == documented_rows()


def test_flags_that_deploy_names_exist() -> None:
    known = {setting.flag for setting in Settings.declarations().values()}
    for path in (ALERTS, DASHBOARD, DOCUMENT):
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", path.read_text()))
        assert named <= known, path
