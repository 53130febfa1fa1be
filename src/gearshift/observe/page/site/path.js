// The path of a connection as a drawing: from left to right, or downwards where there is little room.

import { byId, drawing, mark, say } from "./dom.js";
import { count, duration, rate, whole } from "./format.js";
import { abandoned, accepted, drops, evicted, host, overListeners, refused, requests, shed } from "./rates.js";

const NARROW = matchMedia("(max-width: 60rem)");
const WIDE = { box: [150, 118], first: [15, 44], step: [204, 0], size: [1200, 262], down: false };
const TALL = { box: [150, 96], first: [12, 34], step: [0, 150], size: [340, 892], down: true };
const NEARLY_FULL = 0.8;

// Each stage says {value, under, fill (0 to 1, or null), flow (a second), loss: [words, a second, so far]}.
const STAGES = [
  {
    title: "SYN queue",
    of: (status, rates) => ({
      value: count(overListeners(status, (listener) => listener.syn_queue)),
      under: "half open",
      fill: null,
      loss: ["cookies sent instead", rates.now(host("SyncookiesSent")), host("SyncookiesSent")(status), "by this host"],
      flow: rates.now(accepted),
    }),
  },
  {
    title: "Accept queue",
    of: (status, rates) => {
      const depth = overListeners(status, (listener) => listener.accept_queue);
      const limit = overListeners(status, (one) => (one.accept_queue === null ? null : one.accept_queue_limit));
      const fullest = Math.max(...(status.listeners ?? []).map((one) => one.accept_queue / one.accept_queue_limit || 0), 0);
      return {
        value: count(depth),
        under: limit === null ? "limit not known" : `of ${count(limit)}`,
        fill: fullest,
        loss: ["dropped", rates.now(drops), drops(status)],
        flow: rates.now(accepted),
      };
    },
  },
  {
    title: (status) => `Engine: ${status.engine}`,
    of: (status, rates) => ({
      value: count(status.open_connections),
      under: "connections open",
      fill: null,
      loss: ["refused", rates.now(refused), refused(status), evicted(status) ? `${count(evicted(status))} idle ones closed` : ""],
      flow: rates.now(requests),
    }),
  },
  {
    title: "Waiting to run",
    of: (status, rates) => {
      const waited = status.pool?.longest_wait_seconds;
      return {
        value: count(status.requests.waiting),
        under: status.requests.waiting && waited ? `longest ${duration(waited)}` : "requests",
        fill: status.requests.waiting ? Math.min(0.15 + Math.log10(status.requests.waiting) / 4, 1) : 0,
        loss: ["shed with 503", rates.now(shed), shed(status), abandoned(status) ? `${count(abandoned(status))} had left` : ""],
        flow: rates.now(requests),
        alarm: rates.now(shed) > 0,
      };
    },
  },
  {
    title: (status) => (status.pool ? "Threads" : status.loop ? "Event loop" : "Running"),
    of: (status, rates) => {
      const { pool, loop } = status;
      const flow = rates.now(requests);
      if (pool) return { value: count(pool.busy), under: `busy of ${count(pool.most_threads)}`, fill: pool.busy / pool.most_threads, flow };
      const under = loop ? `running, lag ${duration(loop.lag_seconds)}` : "in handlers";
      return { value: count(status.requests.running), under, fill: null, flow };
    },
  },
  {
    title: "Answered",
    of: (status, rates) => ({ value: rate(rates.now(requests)), under: "a second", fill: null, note: `${whole(status.requests.total)} so far` }),
  },
];

let stages = [];
let last = null;

function draw() {
  const layout = NARROW.matches ? TALL : WIDE;
  const svg = byId("path");
  mark(svg, "viewBox", `0 0 ${layout.size.join(" ")}`);
  mark(svg, "class", layout.down ? "down" : "across");
  svg.replaceChildren();
  stages = STAGES.map((stage, index) => ({ ...stage, ...drawStage(svg, layout, index) }));
  if (last) showPath(...last);
}

function drawStage(svg, layout, index) {
  const [width, height] = layout.box;
  const [x, y] = layout.first.map((start, axis) => start + index * layout.step[axis]);
  const title = drawing("text", { x: x + (layout.down ? 2 : width / 2), y: y - 12, class: "title" });
  const fill = drawing("rect", { x: x + 4, y: y + 4, width: width - 8, height: height - 8, rx: 9, class: "fill" });
  const value = drawing("text", { x: x + width / 2, y: y + height / 2 + 6, class: "value" });
  const under = drawing("text", { x: x + width / 2, y: y + height / 2 + 32, class: "under" });
  const group = drawing("g", { class: "stage" }, drawing("rect", { x, y, width, height, rx: 12, class: "vessel" }), fill, title, value, under);
  const pipe = index < STAGES.length - 1 ? drawing("path", { d: pipeFrom(layout, x, y), class: "pipe" }) : null;
  const flow = pipe && drawing("path", { d: pipeFrom(layout, x, y), class: "flow" });
  svg.append(...(pipe ? [pipe, flow] : []), group);
  return { group, fill, value, under, flow, loss: drawLoss(svg, layout, x, y) };
}

function pipeFrom(layout, x, y) {
  const [width, height] = layout.box;
  if (layout.down) return `M${x + width - 16} ${y + height + 2}V${y + layout.step[1] - 2}`;
  return `M${x + width + 2} ${y + height / 2}H${x + layout.step[0] - 2}`;
}

// Where something is lost a branch leaves the path.
function drawLoss(svg, layout, x, y) {
  const [width, height] = layout.box;
  const [fromX, fromY] = layout.down ? [x + width, y + height / 2] : [x + width / 2, y + height];
  const branch = layout.down ? `M${fromX} ${fromY}h22` : `M${fromX} ${fromY}v28`;
  const [textX, textY] = layout.down ? [fromX + 30, fromY - 12] : [fromX, fromY + 48];
  const words = [0, 1, 2].map((line) => drawing("text", { x: textX, y: textY + line * 18 }));
  const group = drawing("g", { class: "loss" }, drawing("path", { d: branch }), ...words);
  svg.append(group);
  return { group, words };
}

export function showPath(status, rates) {
  last = [status, rates];
  const told = stages.map((stage) => {
    const seen = stage.of(status, rates);
    const title = typeof stage.title === "function" ? stage.title(status) : stage.title;
    say(stage.group.querySelector(".title"), title);
    say(stage.value, seen.value);
    say(stage.under, seen.under);
    showFill(stage, seen);
    showLoss(stage.loss, seen.loss, seen.note);
    if (stage.flow) mark(stage.flow, "class", `flow ${speed(seen.flow)}`);
    return `${title}: ${seen.value} ${seen.under}`;
  });
  mark(byId("path"), "aria-label", `The path of a connection. ${told.join("; ")}`);
}

function showFill(stage, { fill, alarm }) {
  const box = stage.fill.previousSibling;
  const room = Number(box.getAttribute("height")) - 8;
  const part = fill === null || fill === undefined ? 0 : Math.min(Math.max(fill, fill > 0 ? 0.03 : 0), 1);
  mark(stage.fill, "height", (room * part).toFixed(1));
  mark(stage.fill, "y", (Number(box.getAttribute("y")) + 4 + room * (1 - part)).toFixed(1));
  mark(stage.group, "class", `stage${fill === null ? "" : " vessel-shown"}${fill > NEARLY_FULL || alarm ? " full" : ""}`);
}

function showLoss({ group, words }, loss, note) {
  if (!loss) {
    say(words[0], note ?? "");
    return mark(group, "class", note ? "loss once note" : "loss none");
  }
  const [name, now, soFar, more] = loss;
  mark(group, "class", now > 0 ? "loss now" : soFar ? "loss once" : "loss");
  say(words[0], name);
  say(words[1], now > 0 ? `${rate(now)} a second` : `${count(soFar)} so far`);
  return say(words[2], now > 0 ? `${count(soFar)} so far` : more ?? "");
}

function speed(flow) {
  if (!flow) return "still";
  return flow < 10 ? "slow" : flow < 1000 ? "quick" : "fast";
}

draw();
NARROW.addEventListener("change", draw);
