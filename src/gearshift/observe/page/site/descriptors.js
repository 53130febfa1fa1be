// Descriptors against their limit, and what they are.

import { byId, element, keyed, present, say } from "./dom.js";
import { count, plural, share } from "./format.js";
import { meter } from "./meter.js";

const gauge = element("div", { class: "gauge" });
const kinds = element("ul", { class: "counts" });
const remark = element("p", { class: "lead" });
byId("descriptors").append(gauge, kinds, remark);

export function showDescriptors(status) {
  if (!present("descriptors", status.descriptors, "This server does not tell of its descriptors.")) return;
  const seen = status.descriptors;
  const words = `${count(seen.open)} of ${count(seen.limit)} open (${share(seen.open, seen.limit)})`;
  const bar = meter(gauge, seen.open, seen.limit, words);
  if (!gauge.firstChild) gauge.append(bar);
  const listed = Object.entries(seen.by_kind ?? { socket: seen.sockets }).filter(([, number]) => number !== undefined);
  keyed(kinds, listed, ([name]) => name, () => element("li", {}, element("b"), " ", element("span")), (node, [name, number]) => {
    say(node.firstChild, count(number));
    say(node.lastChild, name);
  });
  say(remark, inWords(seen));
}

function inWords({ explained, unexplained, growing }) {
  if (unexplained === undefined || unexplained === null) return "";
  const told = `${count(explained)} are connections, listeners and the server's own; ${plural(unexplained, "other")}, which the application has opened.`;
  return growing ? `${told} Those have grown for ten minutes: it may be losing some.` : told;
}
