// Numbers as people read them. null and undefined are what can't be known: a dash.

const UNKNOWN = "–";
const integer = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

const unknown = (value) => value === null || value === undefined || Number.isNaN(value);

export function count(value) {
  if (unknown(value)) return UNKNOWN;
  return Math.abs(value) < 100000 ? integer.format(value) : short.format(value);
}

// With all its digits, however many.
export const whole = (value) => integer.format(value);

export function rate(value) {
  if (unknown(value)) return UNKNOWN;
  return value > 0 && value < 9.95 ? value.toFixed(1) : count(value);
}

export function duration(seconds) {
  if (unknown(seconds)) return UNKNOWN;
  if (seconds === 0) return "0";
  if (seconds < 0.001) return `${significant(seconds * 1e6)} µs`;
  if (seconds < 1) return `${significant(seconds * 1000)} ms`;
  if (seconds < 60) return `${significant(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} m` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

// Three digits at most, none after the point from 100 on.
function significant(value) {
  return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

export function bytes(value) {
  if (unknown(value)) return UNKNOWN;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let step = 0;
  for (; value >= 1024 && step < units.length - 1; step += 1) value /= 1024;
  return `${step && value < 99.95 ? value.toFixed(1) : value.toFixed(0)} ${units[step]}`;
}

export function share(part, all) {
  return all > 0 ? `${Math.round((100 * part) / all)} %` : UNKNOWN;
}

export function clock(unixTime, withSeconds = true) {
  const date = new Date(unixTime * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

export function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

export function milliseconds(value) {
  return unknown(value) ? UNKNOWN : duration(value / 1000);
}
