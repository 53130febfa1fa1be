// A bar that fills against a limit, with its words.

import { element, mark, say } from "./dom.js";

const NEARLY_FULL = 0.8;

export function meter(cell, value, limit, words) {
  const node = cell.firstElementChild ?? element("span", { class: "meter" }, element("i"), element("b"));
  const [bar, text] = node.children;
  const part = limit ? Math.min((value ?? 0) / limit, 1) : 0;
  bar.style.setProperty("--part", part.toFixed(4));
  mark(node, "data-tone", part > NEARLY_FULL ? "bad" : "still");
  say(text, words);
  return node;
}

// A bar in parts: [{kind, value}], drawn as shares of `all`.
export function stack(node, parts, all) {
  while (node.children.length < parts.length) node.append(element("i"));
  parts.forEach(({ kind, value }, index) => {
    mark(node.children[index], "class", kind);
    node.children[index].style.setProperty("--part", (all > 0 ? Math.max(value ?? 0, 0) / all : 0).toFixed(4));
  });
  return node;
}
