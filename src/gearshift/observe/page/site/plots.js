// The plots of the past: for each point on the way the most of its seconds, so that no burst is lost.

import { byId, drawing, element, mark, say } from "./dom.js";
import { clock, count, plural, rate } from "./format.js";

const SPANS = [[300, "5 minutes"], [900, "15 minutes"], [3600, "1 hour"]];
const POINTS = 150;
const [WIDTH, HEIGHT, TOP] = [300, 96, 6];
const PLOTS = [
  { title: "Requests a second", series: [["requests", "answered"]] },
  { title: "Running and waiting", series: [["running", "running"], ["waiting", "waiting"]] },
  { title: "Connections", series: [["connections", "open"]] },
  { title: "Queues of the kernel", series: [["accept_queue", "accept queue"], ["syn_queue", "SYN queue"]] },
  { title: "Turned away a second", series: [["shed", "shed"], ["drops", "dropped"]], bad: true },
  { title: "The host, a second", series: [["ListenOverflows", "overflows"], ["ListenDrops", "drops"], ["SyncookiesSent", "cookies"], ["TCPReqQFullDrop", "SYN-queue drops"]], bad: true },
];

let span = SPANS[0][0];
let past = null;

const plots = PLOTS.map(makePlot);
for (const [seconds, title] of SPANS) byId("spans").append(spanButton(seconds, title));

function spanButton(seconds, title) {
  const button = element("button", { type: "button", "aria-pressed": String(seconds === span) }, title);
  button.addEventListener("click", () => {
    span = seconds;
    for (const other of byId("spans").children) mark(other, "aria-pressed", other === button);
    if (past) showPlots(past);
  });
  return button;
}

function makePlot({ title, series, bad }) {
  const lines = series.map((_, index) => drawing("path", { class: `line line-${index + (bad ? 1 : 0)}` }));
  const area = drawing("path", { class: `area area-${bad ? 1 : 0}` });
  const cursor = drawing("path", { class: "cursor" });
  const svg = drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", tabindex: "0", role: "img", "aria-label": title },
    drawing("path", { class: "grid", d: `M0 ${TOP}H${WIDTH}M0 ${(TOP + HEIGHT) / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}` }), area, ...lines, cursor);
  const readout = element("p", { class: "readout" });
  const [most, from, to] = ["most", "from", "to"].map((name) => element("span", { class: name }));
  byId("plots").append(element("figure", {}, element("figcaption", {}, element("b", {}, title), readout), element("div", { class: "frame" }, most, svg), element("div", { class: "axis" }, from, to)));
  const plot = { title, series, lines, area, cursor, svg, readout, most, from, to, points: [], at: null };
  svg.addEventListener("pointermove", (event) => point(plot, Math.round((event.offsetX / svg.clientWidth) * (POINTS - 1))));
  svg.addEventListener("pointerleave", () => point(plot, null));
  svg.addEventListener("blur", () => point(plot, null));
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    point(plot, Math.min(Math.max((plot.at ?? POINTS) + step, 0), POINTS - 1));
  });
  return plot;
}

export function showPlots(kept) {
  past = kept;
  const { seconds } = kept;
  const last = seconds.at(-1)?.at ?? Date.now() / 1000;
  say(byId("history-note"), kept.kept ? "The most of each moment; point at a plot, or use the arrow keys." : `Seen since this page was opened, ${plural(seconds.length, "value")}: this server keeps no history.`);
  for (const plot of plots) {
    plot.points = thinned(seconds, plot.series, last);
    showPlot(plot, last);
  }
}

// For each of POINTS moments up to now: when, and the most of each series in it; null where nothing was seen.
function thinned(seconds, series, last) {
  const step = span / POINTS;
  const points = Array.from({ length: POINTS }, (_, index) => ({ at: last - (POINTS - 1 - index) * step, values: series.map(() => null) }));
  for (let index = seconds.length - 1; index >= 0; index -= 1) {
    const place = POINTS - 1 - Math.floor((last - seconds[index].at) / step);
    if (place < 0) break;
    if (place >= POINTS) continue;
    series.forEach(([name], which) => {
      const value = seconds[index][name];
      if (value !== null && value !== undefined) points[place].values[which] = Math.max(points[place].values[which] ?? 0, value);
    });
  }
  return points;
}

function showPlot(plot, last) {
  const most = Math.max(...plot.points.flatMap((one) => one.values.map((value) => value ?? 0)));
  const scale = rounded(most);
  plot.lines.forEach((line, which) => mark(line, "d", lineOf(plot.points, which, scale)));
  mark(plot.area, "d", areaOf(plot.points, scale));
  say(plot.most, rate(scale));
  say(plot.from, clock(last - span, span < 1000));
  say(plot.to, clock(last));
  point(plot, plot.at);
}

// The next of 1, 2, 5, 10, 20, ... so that the scale does not jump with every value.
function rounded(value) {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= value);
}

const across = (index) => ((index / (POINTS - 1)) * WIDTH).toFixed(1);
const up = (value, scale) => (HEIGHT - 1 - (value / scale) * (HEIGHT - 1 - TOP)).toFixed(1);

// Moments with no value are skipped over where there are fewer values than points, and interrupt the line else.
function stretches(points, which) {
  const found = [];
  let open = null;
  let gap = 0;
  points.forEach((one, index) => {
    if (one.values[which] === null) {
      gap += 1;
      if (gap > (POINTS * 4) / span + 1) open = null;
      return;
    }
    gap = 0;
    if (!open) found.push((open = []));
    open.push([index, one.values[which]]);
  });
  return found;
}

function lineOf(points, which, scale) {
  return stretches(points, which).map((stretch) => `M${stretch.map(([index, value]) => `${across(index)} ${up(value, scale)}`).join("L")}${stretch.length === 1 ? "h0.1" : ""}`).join("");
}

function areaOf(points, scale) {
  return stretches(points, 0).map((stretch) => {
    const top = stretch.map(([index, value]) => `${across(index)} ${up(value, scale)}`).join("L");
    return `M${across(stretch[0][0])} ${HEIGHT}L${top}L${across(stretch.at(-1)[0])} ${HEIGHT}Z`;
  }).join("");
}

// Says the values of that moment; null: of the newest.
function point(plot, index) {
  plot.at = index;
  const shown = index === null ? newest(plot.points) : plot.points[Math.min(Math.max(index, 0), POINTS - 1)];
  mark(plot.cursor, "d", index === null ? "" : `M${across(Math.min(Math.max(index, 0), POINTS - 1))} 0V${HEIGHT}`);
  const values = plot.series.map(([, name], which) => ({ name, value: shown?.values[which] ?? null, line: plot.lines[which].getAttribute("class") }));
  const labels = values.map(({ name, value, line }) => element("span", {}, element("i", { class: line }), `${count(value)} ${name}`));
  plot.readout.replaceChildren(...(index === null ? [] : [element("time", {}, clock(shown.at))]), ...labels);
  mark(plot.svg, "aria-label", `${plot.title}: ${values.map(({ name, value }) => `${count(value)} ${name}`).join(", ")}`);
}

const newest = (points) => points.findLast((one) => one.values.some((value) => value !== null));
