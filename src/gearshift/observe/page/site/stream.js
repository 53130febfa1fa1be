// The stream of snapshots: one connection, opened anew with other rows, or after it was lost.

const SILENCE = 10000; // milliseconds without a snapshot that mean that the stream is lost
const PAUSE = 2000; // until it is tried again

export class Stream {
  #source = null;
  #query = "";
  #watch = 0;
  #retry = 0;

  // told: {snapshot(status), trouble(text), state("live" | "lost" | "ended")}
  constructor(told) {
    this.told = told;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#rest() : this.ask(this.#query)));
  }

  // Rows as this query asks for them, from the next snapshot on.
  ask(query) {
    this.#query = query;
    this.#leave();
    if (document.hidden) return;
    const source = new EventSource(`/events?${query}`);
    this.#source = source;
    source.addEventListener("status", (event) => {
      this.#expect();
      this.told.state("live");
      this.told.snapshot(JSON.parse(event.data));
    });
    source.addEventListener("trouble", (event) => {
      this.#expect();
      this.told.trouble(JSON.parse(event.data).trouble);
    });
    source.addEventListener("ending", () => this.#lose("ended"));
    source.addEventListener("error", () => this.#lose("lost"));
    this.#expect();
  }

  #expect() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lose("lost"), SILENCE);
  }

  #lose(state) {
    this.#leave();
    this.told.state(state);
    this.#retry = setTimeout(() => this.ask(this.#query), PAUSE);
  }

  #rest() {
    this.#leave();
    this.told.state("resting");
  }

  #leave() {
    clearTimeout(this.#watch);
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }
}
