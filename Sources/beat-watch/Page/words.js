// Numbers and nouns as people read them.

const grouped = new Intl.NumberFormat("en-GB");

export const number = (value) => grouped.format(value ?? 0);

/** A number in the room of seven characters. */
export const brief = (value) => (value < 1e6 ? number(value) : `${(value / 1e6).toFixed(value < 1e8 ? 1 : 0)} M`);

export const plural = (count, noun, many = `${noun}s`) => `${number(count)} ${count === 1 ? noun : many}`;

export const stateWords = { enabled: "Enabled", disabled: "Disabled", finished: "Finished", rejected: "Rejected" };

export const stateMeaning = {
  enabled: "It runs when it is due",
  disabled: "It rests until somebody enables it",
  finished: "It has reached its end and runs no more",
  rejected: "Its document cannot be used, so it does not run",
};

/** A row's schedule without what is said elsewhere: the zone, and that five such fields are a crontab. */
export function briefSchedule({ schedule, zone }) {
  const words = schedule?.replace(" (m/h/dom/mon/dow)", "").replace(/^crontab /, "") ?? "–";
  return zone && words.endsWith(` ${zone}`) ? words.slice(0, -zone.length - 1) : words;
}

const reasons = {
  schedule: "On schedule",
  "catch-up": "Catch-up",
  immediate: "At once",
  queue: "By request",
  manual: "By hand",
};

export const runReason = (reason) => reasons[reason] ?? reason ?? "–";
