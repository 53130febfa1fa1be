// Making and changing elements. What has not changed is not touched, so focus and selections stay.

const NOTHING = "–";
const NAMESPACE = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  return dressed(document.createElement(tag), attributes, children);
}

export function drawing(tag, attributes = {}, ...children) {
  return dressed(document.createElementNS(NAMESPACE, tag), attributes, children);
}

function dressed(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function say(node, text) {
  const words = String(text);
  if (node.textContent !== words) node.textContent = words;
}

export function mark(node, name, value) {
  const words = String(value);
  if (node.getAttribute(name) !== words) node.setAttribute(name, words);
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

const known = new WeakMap();

// One child of `parent` for each item, in their order: made once for each key, then only updated.
export function keyed(parent, items, keyOf, make, update) {
  const before = known.get(parent) ?? new Map();
  const after = new Map();
  let place = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    if (after.has(key)) continue;
    const node = before.get(key) ?? make(item);
    after.set(key, node);
    update(node, item);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  for (const [key, node] of before) if (!after.has(key)) node.remove();
  known.set(parent, after);
}

// A table of columns {title, of: (row) => text or node, numeric?, wide?}; on a phone each cell bears its title.
export function table(id, columns, keyOf) {
  const node = byId(id);
  const heads = columns.map((column) =>
    element("th", { scope: "col", ...(column.numeric ? { class: "numeric" } : {}) }, column.title));
  node.tHead.replaceChildren(element("tr", {}, ...heads));
  return (rows) => {
    show(node, rows.length > 0);
    keyed(node.tBodies[0], rows, keyOf, () => emptyRow(columns), (row, item) => fillRow(row, columns, item));
  };
}

export function emptyRow(columns) {
  return element("tr", {}, ...columns.map((column) =>
    element("td", { "data-title": column.title, class: column.kind ?? (column.numeric ? "numeric" : "") })));
}

export function fillRow(row, columns, item) {
  columns.forEach((column, index) => {
    const value = column.of(item, row.cells[index]);
    if (value instanceof Node) {
      if (row.cells[index].firstChild !== value) row.cells[index].replaceChildren(value);
    } else if (value !== undefined) {
      say(row.cells[index], value);
      row.cells[index].classList.toggle("none", value === NOTHING);
    }
  });
}

// The section's note where the server does not tell what it would show.
export function present(name, value, words) {
  const there = value !== undefined;
  const note = document.querySelector(`.absent[data-for="${name}"]`);
  say(note, there ? "" : words);
  for (const part of document.querySelectorAll(`.with-${name}`)) show(part, there);
  return there && value !== null;
}
