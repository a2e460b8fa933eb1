// Instants and lengths of time, in the viewer's zone and in a schedule's. The server's clock counts, not the viewer's.

import { write } from "./dom.js";

export const viewerZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

let ahead = 0;

/** Learns how far the server's clock is ahead of this machine's. */
export function setServerNow(text) {
  if (text) ahead = Date.parse(text) - Date.now();
}

export const serverNow = () => Date.now() + ahead;

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const formats = new Map();

function parts(instant, zone) {
  if (!formats.has(zone)) formats.set(zone, makeFormat(zone));
  const format = formats.get(zone);
  const found = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return { ...found, month: months[found.month - 1] };
}

function makeFormat(zone) {
  const options = {
    weekday: "short", year: "numeric", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit",
    second: "2-digit", hourCycle: "h23", timeZoneName: "longOffset",
  };
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
  } catch {
    // The server may know zones that this browser does not.
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  }
}

const dayOf = (at) => `${at.day} ${at.month} ${at.year}`;

/** Short: the clock alone today, with the day otherwise. */
export function clock(text, zone = viewerZone) {
  if (!text) return "–";
  const at = parts(Date.parse(text), zone);
  const now = parts(serverNow(), zone);
  const hours = `${at.hour}:${at.minute}:${at.second}`;
  if (dayOf(at) === dayOf(now)) return hours;
  return `${at.day} ${at.month}${at.year === now.year ? "" : ` ${at.year}`}, ${at.hour}:${at.minute}`;
}

/** In full, with the distance from UTC: `Sun 29 Nov 2026, 14:05:00 +01:00`. */
export function full(text, zone = viewerZone) {
  if (!text) return "–";
  const at = parts(Date.parse(text), zone);
  const offset = at.timeZoneName.replace("GMT", "") || "+00:00";
  return `${at.weekday} ${dayOf(at)}, ${at.hour}:${at.minute}:${at.second} ${offset}`;
}

const units = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];

/** A length of time with its two largest units: `2 h 5 min`, `350 ms`. */
export function length(seconds, most = 2) {
  if (seconds === null || seconds === undefined) return "–";
  const size = Math.abs(seconds);
  if (size < 0.001) return size === 0 ? "0 ms" : `${(size * 1000).toFixed(1)} ms`;
  if (size < 1) return `${Math.round(size * 1000)} ms`;
  if (size < 10) return `${size.toFixed(1)} s`;
  let left = Math.round(size);
  const first = units.findIndex(([, unit]) => left >= unit);
  const words = [];
  for (const [name, unit] of units.slice(first, first + most)) {
    const count = Math.floor(left / unit);
    left -= count * unit;
    if (count > 0) words.push(`${count} ${name}`);
  }
  return words.join(" ");
}

/** From here on a run was missed, as the daemon counts it. */
const missed = 10;

export const lateKind = (seconds) => (seconds >= missed ? "is-missed" : seconds >= 1 ? "is-late" : "");

/** Whole seconds only, for what counts down before people's eyes. */
const steady = (seconds, most) => (seconds < 10 ? `${Math.floor(seconds)} s` : length(seconds, most));

export function until(text) {
  const seconds = (Date.parse(text) - serverNow()) / 1000;
  if (seconds >= 1) return `in ${steady(seconds)}`;
  return seconds > -2 ? "now" : `${steady(-seconds)} overdue`;
}

export function ago(text) {
  const seconds = (serverNow() - Date.parse(text)) / 1000;
  return seconds < 1 ? "just now" : `${steady(seconds, 1)} ago`;
}

export const isOverdue = (text) => Date.parse(text) < serverNow() - 2000;

// What is written anew each second. Elements that have left the page leave this list by themselves.
const ticking = new Map();

export function eachSecond(element, words) {
  ticking.set(element, words);
  write(element, words());
}

export function stopTicking(element) {
  ticking.delete(element);
}

setInterval(() => {
  if (document.hidden) return;
  for (const [element, words] of ticking) {
    if (element.isConnected) write(element, words());
    else ticking.delete(element);
  }
}, 1000);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const [element, words] of ticking) write(element, words());
});
