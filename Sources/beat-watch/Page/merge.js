// Two changes of one document: what each of them changed, and a text with both where that can be.

import { fields, remove, set } from "./jsontext.js";

/** Fields that the daemon writes at each run: a change of them is nobody's edit. */
const bookkeeping = new Set(["last_run_at", "total_run_count", "run_immediately"]);

/** The fields that differ from the base in one of the two texts; null if one of the three is no document. */
export function compare(base, mine, theirs) {
  const [was, my, their] = [base, mine, theirs].map(fields);
  if (!was || !my || !their) return null;
  return [...new Set([...was.keys(), ...my.keys(), ...their.keys()])]
    .map((key) => ({ key, was: was.get(key), my: my.get(key), their: their.get(key) }))
    .filter(({ was, my, their }) => was !== my || was !== their)
    .map((row) => ({ ...row, isMine: row.my !== row.was, isTheirs: row.their !== row.was }));
}

/** My changes written into their text; null if both changed one field to different values. */
export function join(base, mine, theirs) {
  const rows = compare(base, mine, theirs);
  if (!rows || rows.some(({ isMine, isTheirs, my, their }) => isMine && isTheirs && my !== their)) return null;
  return rows.filter(({ isMine }) => isMine).reduce(
    (text, { key, my }) => (my === undefined ? remove(text, [key]) : set(text, [key], my)), theirs);
}

/** Whether the daemon alone wrote the other text. */
export function isBookkeeping(base, mine, theirs) {
  const rows = compare(base, mine, theirs);
  return Boolean(rows?.every(({ key, isTheirs }) => !isTheirs || bookkeeping.has(key)));
}
