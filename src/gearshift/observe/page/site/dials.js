// The big numbers, each with the last minute of it.

import { byId, drawing, element, mark, say } from "./dom.js";
import { count, rate } from "./format.js";
import { overListeners, requests, shed } from "./rates.js";

const REMEMBERED = 60; // values
const [WIDTH, HEIGHT] = [120, 28];

const DIALS = [
  { title: "requests a second", of: (status, rates) => rates.now(requests), words: rate },
  { title: "connections", of: (status) => status.open_connections, words: count },
  { title: "running", of: (status) => status.requests.running, words: count },
  { title: "waiting to run", of: (status) => status.requests.waiting, words: count },
  { title: "in accept queues", of: (status) => overListeners(status, (listener) => listener.accept_queue), words: count },
  { title: "turned away a second", of: (status, rates) => rates.now(shed), words: rate, bad: true },
];

const made = DIALS.map((dial) => {
  const value = element("dd", { class: "value" });
  const line = drawing("path", {});
  const graph = drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, line);
  const node = element("div", {}, element("dt", {}, dial.title), value, element("dd", { class: "spark" }, graph));
  byId("dials").append(node);
  return { ...dial, node, value, line, past: [] };
});

export function showDials(status, rates) {
  for (const dial of made) {
    const now = dial.of(status, rates);
    say(dial.value, dial.words(now));
    if (dial.bad) mark(dial.node, "data-tone", now > 0 ? "bad" : "still");
    if (now === null || now === undefined) continue;
    dial.past.push(now);
    if (dial.past.length > REMEMBERED) dial.past.shift();
    mark(dial.line, "d", spark(dial.past));
  }
}

function spark(values) {
  const most = Math.max(...values, 1);
  const step = WIDTH / (REMEMBERED - 1);
  const left = WIDTH - (values.length - 1) * step;
  const points = values.map((value, index) => `${(left + index * step).toFixed(1)} ${(HEIGHT - 1.5 - (value / most) * (HEIGHT - 4)).toFixed(1)}`);
  return points.length > 1 ? `M${points.join("L")}` : "";
}
