// Puts the page together: each snapshot goes to every part, and what becomes of the stream is said.

import { beginConnections, showConnections } from "./connections.js";
import { showDescriptors } from "./descriptors.js";
import { showDials } from "./dials.js";
import { byId, element, keyed, mark, say, show } from "./dom.js";
import { showListeners } from "./listeners.js";
import { Past } from "./past.js";
import { showPath } from "./path.js";
import { showPlots } from "./plots.js";
import { Rates } from "./rates.js";
import { Stream } from "./stream.js";
import { showThreads } from "./threads.js";
import { showStuck, showTimes } from "./times.js";
import { showVerdict } from "./verdict.js";

const WORDS = {
  live: "live",
  resting: "paused while hidden",
  lost: "The stream is lost: what stands below is old. Trying again every two seconds.",
  ended: "The server has ended, or is being stopped: what stands below was its last. Trying again every two seconds.",
};

const rates = new Rates();
const past = new Past();

function snapshot(status) {
  const can = status.can ?? {};
  rates.take(status);
  showVerdict(status, rates);
  showDials(status, rates);
  showPath(status, rates);
  showListeners(status);
  showStuck(status);
  showConnections(status, can);
  showThreads(status);
  showTimes(status);
  showDescriptors(status);
  showLinks(can);
  past.take(status, rates, can).then(() => showPlots(past));
}

function showLinks(can) {
  const there = [["history", "/history.json"], ["stacks", "/stacks.json"]].filter(([name]) => can[name]);
  keyed(byId("more-json"), there, ([name]) => name, ([, path]) => element("span", {}, ", ", element("a", { href: path }, path.slice(1))), () => {});
}

function trouble(text) {
  say(byId("lost"), `The server can't be seen: ${text}`);
  show(byId("lost"), true);
}

function state(now) {
  const broken = now === "lost" || now === "ended";
  mark(byId("stream"), "data-state", now);
  say(byId("stream"), broken ? now : WORDS[now]);
  if (broken) say(byId("lost"), WORDS[now]);
  show(byId("lost"), broken);
  document.body.classList.toggle("old", broken);
}

const stream = new Stream({ snapshot, trouble, state });
beginConnections((wanted) => stream.ask(wanted));
