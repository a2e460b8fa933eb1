// What a daemon says of a change that was just made, in the message that announced the change.

import { get, schedulePath } from "./api.js";
import * as live from "./live.js";
import { clock, length } from "./time.js";

/** When the schedule is asked, where no event tells: a daemon hears an edit within milliseconds, or is not there. */
const moments = [500, 2500];

const words = ({ state, heard, reason, next }, since) => {
  if (state !== "accepted") return `The daemon rejected it: ${reason ?? "no reason was given"}.`;
  const after = Math.max(0, (Date.parse(heard) - since) / 1000);
  const soon = after < 60 && after > 0 ? ` after ${length(after)}` : "";
  return `The daemon accepted it${soon}${next ? `; next run ${clock(next)}` : ""}.`;
};

/** To be called before the change, so that no receipt comes too early. */
export function followReceipt() {
  const stop = new AbortController();
  const early = new Map();
  let wanted = null;
  live.on("receipts", ({ receipts }) => {
    for (const receipt of receipts) {
      early.set(receipt.id, receipt);
      if (receipt.id === wanted?.id) finish(receipt);
    }
  }, stop.signal);

  function finish(receipt) {
    stop.abort();
    const answer = receipt ? words(receipt, wanted.since) : "No daemon has said anything about it yet.";
    wanted.message.say(`${wanted.lead} ${answer}`);
  }

  async function askFor(isLast) {
    if (stop.signal.aborted) return;
    const detail = await get(schedulePath(wanted.id)).catch(() => null);
    const receipt = detail?.receipt?.is_current ? detail.receipt : null;
    if (!stop.signal.aborted && (receipt || isLast)) finish(receipt);
  }

  return {
    expect(id, message, lead) {
      wanted = { id, message, lead, since: Date.now() };
      message.say(`${lead} Waiting for the daemon…`);
      if (early.has(id)) finish(early.get(id));
      else moments.forEach((moment, index) => setTimeout(askFor, moment, index === moments.length - 1));
    },
  };
}
