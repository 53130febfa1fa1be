// One connection with all that is known of it, opened by its number in the table.

import { byId, element, keyed, mark, say, show } from "./dom.js";

let chosen = null;

byId("one-close").addEventListener("click", () => choose(null));

// The button in a row's first cell.
export function opener(row, cell) {
  const button = cell.firstChild ?? element("button", { type: "button", "aria-controls": "one" }, row.number);
  mark(button, "aria-expanded", row.number === chosen);
  if (cell.firstChild) return button;
  mark(button, "aria-label", `All of connection ${row.number}`);
  button.addEventListener("click", () => choose(row.number === chosen ? null : row.number, row));
  return button;
}

function choose(number, row) {
  chosen = number;
  showOne(row ? [row] : []);
}

// A connection that is no longer among the rows keeps its last values: it may have ended.
export function showOne(rows) {
  show(byId("one"), chosen !== null);
  const row = rows.find((one) => one.number === chosen);
  if (!row) return mark(byId("one"), "class", "gone");
  mark(byId("one"), "class", "");
  say(byId("one-title"), `Connection ${row.number}`);
  const facts = Object.entries(row).filter(([name]) => name !== "number");
  return keyed(byId("one-facts"), facts, ([name]) => name, makeFact, (node, [, value]) => say(node.lastChild, inWords(value)));
}

function makeFact([name]) {
  return element("div", {}, element("dt", {}, name.replaceAll("_", " ")), element("dd"));
}

function inWords(value) {
  if (value === null) return "–";
  return typeof value === "number" && !Number.isInteger(value) ? value.toFixed(3) : value;
}
