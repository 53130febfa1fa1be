// The listeners, and what is advised where something is dropped.

import { byId, element, keyed, present, say, table } from "./dom.js";
import { count } from "./format.js";
import { meter } from "./meter.js";

const fill = table("listeners", [
  { title: "Listener", of: (one) => one.address, kind: "mono" },
  {
    title: "Accept queue",
    kind: "metered",
    of: (one, cell) => meter(cell, one.accept_queue, one.accept_queue_limit, `${count(one.accept_queue)} of ${count(one.accept_queue_limit)}`),
  },
  { title: "Asked for", of: (one) => asked(one), numeric: true },
  { title: "SYN queue", of: (one) => count(one.syn_queue), numeric: true },
  { title: "Dropped", of: (one) => count(one.drops), numeric: true },
  { title: "Descriptor", of: (one) => count(one.fd), numeric: true },
], (one) => one.address);

function asked({ backlog_asked: wanted, backlog_clamped: granted }) {
  if (wanted === null || wanted === undefined) return "inherited";
  return granted !== null && wanted > granted ? `${count(wanted)}, clamped` : count(wanted);
}

export function showListeners(status) {
  if (present("listeners", status.listeners, "This server does not tell of its listeners.")) fill(status.listeners);
  keyed(byId("advice"), status.advice ?? [], (words) => words, () => element("li"), say);
}
