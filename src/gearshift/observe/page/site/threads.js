// The threads: who does what, for how long, and what it costs.

import { byId, mark, present, say, table } from "./dom.js";
import { count, duration, plural } from "./format.js";

const ORDER = ["in handler", "polling", "idle"];
const before = new Map(); // native_id: [when, CPU seconds]

const fill = table("threads", [
  { title: "Thread", of: (one) => one.name, kind: "mono" },
  { title: "Role", of: (one) => one.role ?? "–" },
  { title: "State", of: (one, cell) => state(one, cell), kind: "phase" },
  { title: "For", of: (one) => duration(one.seconds), numeric: true },
  { title: "Request", of: (one) => one.request ?? "–", kind: "mono request" },
  { title: "CPU now", of: (one) => one.cpuNow, numeric: true },
  { title: "CPU so far", of: (one) => duration(one.cpu_seconds), numeric: true },
  { title: "Where", of: (one) => one.where || "–", kind: "mono where" },
], (one) => one.native_id);

function state(one, cell) {
  mark(cell, "data-phase", one.state);
  return one.state;
}

export function showThreads(status) {
  say(byId("pool"), [inWords(status.pool), loopInWords(status.loop)].filter(Boolean).join(" "));
  if (!present("threads", status.threads, "This server does not tell of its threads.")) return;
  const rows = status.threads.map((one) => ({ ...one, cpuNow: cpuNow(one, status.uptime_seconds) }));
  rows.sort((one, other) => rank(one) - rank(other) || (other.seconds ?? 0) - (one.seconds ?? 0) || one.name.localeCompare(other.name, "en", { numeric: true }));
  fill(rows);
}

function rank(one) {
  const place = ORDER.indexOf(one.state);
  return place < 0 ? ORDER.length : place;
}

// Per cent of a processor since the last snapshot.
function cpuNow(one, now) {
  const last = before.get(one.native_id);
  before.set(one.native_id, [now, one.cpu_seconds]);
  if (!last || now <= last[0] || one.cpu_seconds === null || last[1] === null) return "–";
  return `${Math.round((100 * (one.cpu_seconds - last[1])) / (now - last[0]))} %`;
}

function inWords(pool) {
  if (!pool) return "";
  const queue = pool.queue ? `${plural(pool.queue, "request")} wait for one, the longest for ${duration(pool.longest_wait_seconds)}.` : "Nothing waits for one.";
  const changes = pool.leader_changes ? ` The lead has changed ${plural(pool.leader_changes, "time")}.` : "";
  return `${plural(pool.busy, "thread")} of ${count(pool.most_threads)} in a handler, ${count(pool.idle)} idle. ${queue}${changes}`;
}

function loopInWords(loop) {
  if (!loop) return "";
  return `The event loop has ${plural(loop.tasks, "task")} and ran ${duration(loop.lag_seconds)} late last, ${duration(loop.lag_max_seconds)} at most in the last minute.`;
}
