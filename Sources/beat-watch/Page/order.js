// Whether rows still stand in the order that was asked for.

const text = (value) => value ?? "";
const instant = (value) => (value ? Date.parse(value) : Infinity);

const keys = {
  name: ({ name }) => name,
  task: ({ task }) => text(task),
  state: ({ state }) => state,
  next: ({ next }) => instant(next?.sent),
  last_run: ({ last_run: last }) => (last ? instant(last.fired_at ?? last.due) : -Infinity),
  late: ({ last_run: last }) => last?.late ?? -Infinity,
  count: ({ total_run_count: count }) => count,
};

/** Only what an event can change is looked at: the server's order of names is the server's own. */
const changing = new Set(["state", "next", "last_run", "late", "count"]);

const valueOf = (rows, key) => rows.map(keys[key.replace("-", "")]);

/** What the order of rows hangs on; to be kept when they come from the server. */
export const orderOf = (rows, sort) => (changing.has(sort.replace("-", "")) ? valueOf(rows, sort) : []);

/** Two neighbours that stood right and now stand wrong. */
export function isDisturbed(before, rows, sort) {
  if (before.length !== rows.length) return false;
  const now = orderOf(rows, sort);
  const sign = sort.startsWith("-") ? -1 : 1;
  const compare = (a, b) => (a < b ? -sign : a > b ? sign : 0);
  return now.some((value, index) => index > 0
    && compare(now[index - 1], value) > 0 && compare(before[index - 1], before[index]) <= 0);
}
