// The last hour, a value for each second: what the server keeps, or else what has been seen since this page was opened.

import { abandoned, drops, host, overListeners, requests, shed } from "./rates.js";

const KEPT = 3600; // seconds
const ASKED_EVERY = 5; // snapshots
const HOST = ["ListenOverflows", "ListenDrops", "SyncookiesSent", "TCPReqQFullDrop"];

export class Past {
  seconds = [];
  kept = false; // whether the server keeps it
  #turn = 0;
  #asking = false;

  // Takes a snapshot in; resolves once all that can be had is there.
  async take(status, rates, can) {
    if (!can.history) return this.#add([this.#second(status, rates)]);
    if (this.#turn++ % ASKED_EVERY && this.kept) return undefined;
    return this.#fetch();
  }

  async #fetch() {
    if (this.#asking) return;
    this.#asking = true;
    const since = this.kept ? this.seconds.at(-1)?.at : undefined;
    try {
      const answer = await fetch(`/history.json${since === undefined ? "" : `?since=${since}`}`);
      if (!answer.ok) return;
      const { seconds } = await answer.json();
      if (!this.kept) this.seconds = [];
      this.kept = true;
      this.#add(seconds);
    } catch {
      // The stream says when the server is gone; the next turn asks again.
    } finally {
      this.#asking = false;
    }
  }

  #add(seconds) {
    this.seconds.push(...seconds);
    if (this.seconds.length > KEPT) this.seconds.splice(0, this.seconds.length - KEPT);
  }

  // As the server would keep it; what is between two snapshots is not seen.
  #second(status, rates) {
    return {
      at: Date.now() / 1000,
      requests: rates.now(requests),
      running: status.requests.running,
      waiting: status.requests.waiting,
      shed: rates.now(shed),
      abandoned: rates.now(abandoned),
      connections: status.open_connections,
      accept_queue: overListeners(status, (listener) => listener.accept_queue),
      syn_queue: overListeners(status, (listener) => listener.syn_queue),
      drops: rates.now(drops),
      ...Object.fromEntries(HOST.map((name) => [name, rates.now(host(name))])),
    };
  }
}
