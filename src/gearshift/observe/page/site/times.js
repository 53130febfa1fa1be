// Where the time of requests goes: by kind, of the slowest, and in handlers that do not end.

import { byId, element, keyed, present, say, show, table } from "./dom.js";
import { clock, count, duration, plural, share } from "./format.js";
import { stack } from "./meter.js";

const [MOST_KINDS, MOST_SLOW] = [12, 12];
const PARTS = [["accept-queue", "accept queue (estimated)"], ["queue", "waiting to run"], ["cpu", "handler, computing"], ["handler", "handler, waiting"], ["handler-whole", "handler, not split"], ["write", "writing held up"]];

byId("legend").append(...PARTS.map(([kind, words]) => element("li", {}, element("i", { class: kind }), words)));

const fillSlowest = table("slowest", [
  { title: "When", of: (one) => clock(one.at), numeric: true },
  { title: "Request", of: (one) => one.request, kind: "mono request" },
  { title: "Status", of: (one) => one.status ?? "–", numeric: true },
  { title: "Where the time went", of: (one, cell) => splitOf(one, cell), kind: "split" },
  { title: "Total", of: (one) => duration(one.total), numeric: true },
  { title: "Peer", of: (one) => one.remote ?? "–", kind: "mono" },
  { title: "Thread", of: (one) => one.thread ?? "–", kind: "mono" },
], (one) => `${one.at} ${one.connection} ${one.request}`);

const fillLearnt = table("learnt", [
  { title: "Kind of request", of: (one) => one.kind, kind: "mono request" },
  { title: "Runs", of: (one) => count(one.runs), numeric: true },
  { title: "Mean", of: (one) => duration(one.mean_seconds), numeric: true },
  { title: "Waits", of: (one) => (one.waiting_share === null ? "–" : share(one.waiting_share, 1)), numeric: true },
  { title: "Runs on", of: (one) => one.runs_on },
], (one) => one.kind);

export function showTimes(status) {
  const learnt = status.kinds ?? [];
  show(byId("learnt-part"), learnt.length > 0);
  fillLearnt(learnt.slice(0, MOST_KINDS));
  if (!present("times", status.times, "This server does not measure where the time of its requests goes.")) return;
  const kinds = [...status.times.kinds].sort((one, other) => spent(other) - spent(one)).slice(0, MOST_KINDS);
  if (!kinds.length) present("times", undefined, "No request has been answered yet.");
  const most = Math.max(...kinds.map(spent), 0);
  keyed(byId("kinds"), kinds, (kind) => kind.kind, makeKind, (node, kind) => fillKind(node, kind, most));
  const slowest = (status.times.slowest ?? []).slice(0, MOST_SLOW);
  show(byId("slowest-title"), slowest.length > 0);
  fillSlowest(slowest);
}

const spent = (kind) => ["queue", "handler", "write_blocked"].reduce((sum, name) => sum + (kind[name]?.total_seconds ?? 0), 0);

function makeKind() {
  return element("div", { class: "kind" }, element("code"), element("span", { class: "facts" }), element("span", { class: "stacked" }), element("span", { class: "tail" }));
}

function fillKind(node, kind, most) {
  const [name, facts, bar, tail] = node.children;
  say(name, kind.kind);
  say(facts, `${plural(kind.count, "request")}, ${duration(kind.count ? spent(kind) / kind.count : null)} each`);
  stack(bar, parts(0, kind.queue?.total_seconds, kind.handler?.total_seconds, kind.cpu_share, kind.write_blocked?.total_seconds), most);
  const { p50_seconds: half, p95_seconds: most95, p99_seconds: most99, max_seconds: longest } = kind.handler ?? {};
  say(tail, `handler: p50 ${duration(half)}, p95 ${duration(most95)}, p99 ${duration(most99)}, longest ${duration(longest)}`);
}

function parts(accept, queue, handler = 0, cpuShare = null, write = 0) {
  const split = cpuShare !== null && cpuShare !== undefined;
  return [
    { kind: "accept-queue", value: accept },
    { kind: "queue", value: queue },
    { kind: "cpu", value: split ? handler * cpuShare : 0 },
    { kind: split ? "handler" : "handler-whole", value: split ? handler * (1 - cpuShare) : handler },
    { kind: "write", value: write },
  ];
}

function splitOf(one, cell) {
  const bar = cell.firstChild ?? element("span", { class: "stacked" });
  const cpuShare = one.handler_cpu === null || one.handler_cpu === undefined || !one.handler ? null : Math.min(one.handler_cpu / one.handler, 1);
  const accept = one.accept_queue_estimated ?? 0;
  bar.title = `queue ${duration(one.queue)}, handler ${duration(one.handler)}, write ${duration(one.write_blocked)}`;
  return stack(bar, parts(accept, one.queue, one.handler, cpuShare, one.write_blocked), Math.max(one.total, accept + one.queue + one.handler + one.write_blocked));
}

export function showStuck(status) {
  const stuck = status.stuck ?? [];
  show(byId("stuck-section"), stuck.length > 0);
  keyed(byId("stuck"), stuck, (one) => `${one.owner} ${one.connection} ${one.request}`, makeStuck, fillStuck);
}

function makeStuck() {
  return element("details", { class: "stuck", open: "" }, element("summary", {}, element("code"), element("span")), element("pre", { tabindex: "0" }));
}

function fillStuck(node, one) {
  const [summary, stackText] = node.children;
  say(summary.firstChild, one.request);
  say(summary.lastChild, ` runs for ${duration(one.seconds)} on ${one.owner}, for ${one.remote ?? "a Unix socket"}`);
  say(stackText, one.stack.join("\n"));
}
