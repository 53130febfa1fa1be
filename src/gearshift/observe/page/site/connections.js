// The table of connections: which are asked for, and what came.

import { byId, element, emptyRow, fillRow, keyed, mark, present, say, show } from "./dom.js";
import { bytes, count, duration, milliseconds, plural } from "./format.js";
import { opener, showOne } from "./one.js";

const COLUMNS = [
  { key: "number", title: "No.", of: (row, cell) => opener(row, cell), numeric: true },
  { key: "remote", title: "Peer", of: (row) => row.remote ?? row.protocol ?? "–", kind: "mono peer" },
  { key: "tcp_state", title: "TCP", of: (row) => row.tcp_state ?? "–", kind: "mono tcp" },
  { key: "phase", title: "Phase", of: (row, cell) => phase(row, cell), kind: "phase" },
  { key: "phase_seconds", title: "In phase", of: (row) => duration(row.phase_seconds), numeric: true },
  { key: "age_seconds", title: "Age", of: (row) => duration(row.age_seconds), numeric: true },
  { key: "requests", title: "Requests", of: (row) => count(row.requests), numeric: true },
  { key: "path", title: "Request", of: (row) => (row.path ? `${row.method} ${row.path}` : "–"), kind: "mono request" },
  { key: "owner", title: "Owner", of: (row) => row.owner ?? "–", kind: "mono owner" },
  { key: "bytes_in", title: "In", of: (row) => bytes(row.bytes_in), numeric: true },
  { key: "bytes_out", title: "Out", of: (row) => bytes(row.bytes_out), numeric: true },
  { key: "unsent", title: "Unsent", of: (row) => bytes(row.unsent), numeric: true },
  { key: "rtt_ms", title: "RTT", of: (row) => milliseconds(row.rtt_ms), numeric: true },
  { key: "retransmits", title: "Resent", of: (row) => count(row.retransmits), numeric: true },
  { key: "speaks", title: "Speaks", of: (row) => [row.speaks, row.tls_version].filter(Boolean).join(", ") || "–", kind: "mono speaks" },
  { key: "", title: "", of: (row, cell) => closer(row, cell), kind: "closer" },
];
const PRESETS = [["", "All"], ["slow", "Slow"], ["close-wait", "CLOSE_WAIT"], ["idle", "Idle"]];

const asked = { sort: "age_seconds", descending: true, filter: "", show: "", limit: matchMedia("(max-width: 60rem)").matches ? 10 : 25 };
let ask = () => {};
let mayClose = false;

export function query() {
  const said = new URLSearchParams({ sort: (asked.descending ? "-" : "") + asked.sort, limit: asked.limit });
  if (asked.filter) said.set("filter", asked.filter);
  if (asked.show) said.set("show", asked.show);
  return said.toString();
}

// `stream` is asked anew whenever other rows are wanted.
export function beginConnections(onChange) {
  ask = () => {
    showAsked();
    onChange(query());
  };
  const heads = COLUMNS.map((column) => headOf(column));
  byId("connection-table").tHead.rows[0].append(...heads);
  for (const column of COLUMNS.filter((one) => one.key)) {
    for (const [order, way] of [["-", "↓"], ["", "↑"]])
      byId("sort").append(element("option", { value: order + column.key }, `${column.title} ${way}`));
  }
  byId("sort").addEventListener("change", (event) => sortBy(event.target.value.replace("-", ""), event.target.value.startsWith("-")));
  for (const [name, title] of PRESETS) byId("presets").append(presetButton(name, title));
  byId("limit").value = asked.limit;
  byId("limit").addEventListener("change", (event) => change({ limit: Number(event.target.value) }));
  let typing = 0;
  byId("filter").addEventListener("input", (event) => {
    clearTimeout(typing);
    typing = setTimeout(() => change({ filter: event.target.value.trim() }), 250);
  });
  byId("tools").addEventListener("submit", (event) => event.preventDefault());
  ask();
}

function change(values) {
  Object.assign(asked, values);
  ask();
}

function sortBy(sort, descending) {
  change({ sort, descending });
}

function headOf(column) {
  const head = element("th", { scope: "col", class: column.numeric ? "numeric" : column.kind === "closer" ? "closer" : "", "data-key": column.key });
  if (!column.key) return dressedForReaders(head);
  const button = element("button", { type: "button" }, column.title);
  button.addEventListener("click", () => sortBy(column.key, asked.sort === column.key ? !asked.descending : Boolean(column.numeric)));
  head.append(button);
  return head;
}

function dressedForReaders(head) {
  head.append(element("span", { class: "hidden" }, "Close"));
  return head;
}

function presetButton(name, title) {
  const button = element("button", { type: "button", "data-preset": name, "aria-pressed": "false" }, title, element("b"));
  button.addEventListener("click", () => change({ show: name }));
  return button;
}

function showAsked() {
  for (const head of byId("connection-table").tHead.rows[0].cells) {
    if (head.dataset.key === asked.sort) mark(head, "aria-sort", asked.descending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  for (const button of byId("presets").children) mark(button, "aria-pressed", button.dataset.preset === asked.show);
  byId("sort").value = (asked.descending ? "-" : "") + asked.sort;
  byId("export").href = `/connections.json?${query()}`;
}

export function showConnections(status, can) {
  mayClose = Boolean(can.close_connection);
  const rows = status.connections;
  if (!present("connections", rows, `This server counts its connections (${count(status.open_connections)} open) but does not list them.`)) return;
  const totals = status.connection_totals;
  showOne(rows);
  say(byId("matching"), caption(totals, rows.length));
  for (const button of byId("presets").children) {
    const preset = button.dataset.preset;
    say(button.lastChild, count(preset ? totals.presets[preset] : totals.all));
  }
  const body = byId("connection-table").tBodies[0];
  mark(byId("connection-table"), "class", mayClose ? "cards closable" : "cards");
  keyed(body, rows, (row) => row.number ?? row.fd, () => emptyRow(COLUMNS), (node, row) => fillRow(node, COLUMNS, row));
}

function caption(totals, shown) {
  if (!totals.all) return "No connection is open";
  if (!totals.matching) return `None of ${count(totals.all)} connections is like that`;
  return shown < totals.matching ? `The first ${count(shown)} of ${count(totals.matching)}` : ofAll(totals);
}

const ofAll = ({ matching, all }) => (matching === all ? plural(all, "connection") : `${count(matching)} of ${plural(all, "connection")}`);

function phase(row, cell) {
  mark(cell, "data-phase", row.phase ?? "");
  return row.phase ?? "–";
}

function closer(row, cell) {
  if (cell.firstChild) {
    show(cell, mayClose);
    return undefined;
  }
  const button = element("button", { type: "button", "aria-label": `Close connection ${row.number}` }, "Close");
  button.addEventListener("click", () => close(row.number, button));
  show(cell, mayClose);
  return button;
}

// Asked twice: a connection that carries something breaks by it.
async function close(number, button) {
  if (button.dataset.sure !== "yes") {
    button.dataset.sure = "yes";
    say(button, "Sure?");
    setTimeout(() => {
      button.dataset.sure = "";
      if (!button.disabled) say(button, "Close");
    }, 3000);
    return;
  }
  button.disabled = true;
  const answer = await fetch(`/connections/${number}/close`, { method: "POST" }).catch(() => null);
  say(button, answer?.ok ? "Closed" : "Failed");
  if (!answer?.ok) button.title = answer ? await answer.text() : "the server does not answer";
}
