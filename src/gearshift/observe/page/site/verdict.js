// The state at a glance: one word, a tone, and why.

import { byId, mark, say } from "./dom.js";
import { count, duration, plural } from "./format.js";
import { abandoned, drops, refused, shed } from "./rates.js";

const NEARLY_FULL = 0.8;
const WAITS_LONG = 1; // seconds
const MOST_REASONS = 3;
const LAGS = 0.1; // seconds

export function judge(status, rates) {
  const reasons = troubles(status, rates);
  const { running, waiting } = status.requests;
  if (drains(status)) return ["Draining", "warm", "it accepts no more and answers what it has received"];
  if (reasons.length) return [reasons[0].word, reasons[0].tone, inWords(reasons)];
  if (waiting) return ["Busy", "good", `${plural(waiting, "request")} waiting to run, none turned away`];
  if (running || rates.now((seen) => seen.requests.total) > 0) return ["Serving", "good", "nothing waits and nothing is turned away"];
  return ["Idle", "good", "nothing is asked of it"];
}

function inWords(reasons) {
  const more = reasons.length - MOST_REASONS;
  return reasons.slice(0, MOST_REASONS).map((reason) => reason.why).join("; ") + (more > 0 ? `; and ${count(more)} more` : "");
}

function troubles(status, rates) {
  const found = [];
  const trouble = (word, tone, why) => found.push({ word, tone, why });
  const turnedAway = rates.recent(shed);
  const dropped = rates.recent(drops);
  const full = (status.listeners ?? []).find((listener) => fraction(listener) > NEARLY_FULL);
  if (turnedAway) trouble("Overloaded", "bad", `${plural(turnedAway, "request")} answered 503 in the last seconds`);
  if (dropped) trouble("Dropping", "bad", `${plural(dropped, "packet")} of new connections dropped in the last seconds`);
  if (rates.recent(refused)) trouble("Full", "bad", `${plural(rates.recent(refused), "connection")} refused for want of room`);
  if (full) trouble("Falling behind", "bad", "an accept queue is nearly full");
  if (status.stuck?.length) trouble("Stuck", "bad", `${plural(status.stuck.length, "handler")} running far too long`);
  const waited = status.pool?.longest_wait_seconds ?? 0;
  if (waited > WAITS_LONG) trouble("Queueing", "warm", `a request has waited ${duration(waited)} for a thread`);
  if (status.loop && status.loop.lag_seconds > LAGS) trouble("Lagging", "warm", `the event loop runs ${duration(status.loop.lag_seconds)} late`);
  if (descriptorsShort(status)) trouble("Short of descriptors", "warm", "four in five of the descriptors allowed are open");
  if (rates.recent(abandoned)) trouble("Too slow", "warm", `${plural(rates.recent(abandoned), "client")} left before being answered`);
  return found;
}

// Its listeners are closed: their descriptors are gone.
const drains = ({ listeners }) => listeners?.length > 0 && listeners.every((listener) => listener.fd < 0);

const descriptorsShort = ({ descriptors }) => descriptors && descriptors.open > NEARLY_FULL * descriptors.limit;

const fraction = ({ accept_queue, accept_queue_limit }) => (accept_queue_limit ? accept_queue / accept_queue_limit : 0);

export function showVerdict(status, rates) {
  const [word, tone, why] = judge(status, rates);
  say(byId("verdict"), word);
  mark(byId("verdict"), "data-tone", tone);
  say(byId("reason"), why);
  say(byId("version"), status.version);
  say(byId("what"), `serves ${status.application}${places(status)}`);
  say(byId("engine"), engineInWords(status));
  say(byId("uptime"), duration(status.uptime_seconds));
  say(byId("pid"), processes(status));
  document.title = `${word}: ${status.application}`;
}

function places(status) {
  const addresses = (status.listeners ?? []).map((listener) => listener.address);
  return addresses.length ? ` on ${addresses.join(", ")}` : "";
}

function processes(status) {
  const workers = status.workers ?? [];
  return workers.length > 1 ? `${status.pid} of ${workers.length}` : String(status.pid);
}

function engineInWords(status) {
  const leaving = (status.leaving ?? []).map((gear) => `, ${gear.connections} still on ${gear.engine}`);
  const threads = status.pool ? `, up to ${status.threads_asked} threads` : "";
  return status.engine + threads + leaving.join("");
}
