// What counters have done between snapshots.

const REMEMBERED = 15; // snapshots

export class Rates {
  #seen = [];

  // Takes a snapshot in. A server that was started again counts from 0: what was before is forgotten.
  take(status) {
    const last = this.#seen.at(-1);
    if (last && (last.pid !== status.pid || status.uptime_seconds < last.uptime_seconds)) this.#seen = [];
    if (last && status.uptime_seconds === last.uptime_seconds) this.#seen.pop();
    this.#seen.push(status);
    if (this.#seen.length > REMEMBERED) this.#seen.shift();
  }

  // A second's worth of what `of(status)` counts, between the last two snapshots; null where that is not known.
  now(of) {
    return this.#between(this.#seen.at(-2), of);
  }

  // By how much it has risen in the last quarter of a minute.
  recent(of) {
    if (this.#seen.length < 2) return 0;
    return Math.max((of(this.#seen.at(-1)) ?? 0) - (of(this.#seen[0]) ?? 0), 0);
  }

  #between(before, of) {
    const last = this.#seen.at(-1);
    if (!before) return null;
    const seconds = last.uptime_seconds - before.uptime_seconds;
    const [from, to] = [of(before), of(last)];
    return seconds > 0 && from != null && to != null ? Math.max(to - from, 0) / seconds : null;
  }
}

// The sum over the listeners of what can be known of it; null where nothing can.
export function overListeners(status, of) {
  const values = (status.listeners ?? []).map(of).filter((value) => value !== null && value !== undefined);
  return values.length ? values.reduce((sum, value) => sum + value, 0) : null;
}

export const drops = (status) => overListeners(status, (listener) => listener.drops);
export const requests = (status) => status.requests.total;
export const shed = (status) => status.requests.shed;
export const accepted = (status) => status.counts.accepted;
export const refused = (status) => status.counts.refused_connections;
export const abandoned = (status) => status.counts.abandoned;
export const evicted = (status) => status.counts.evicted_connections;
export const host = (name) => (status) => status.host?.[name] ?? null;
