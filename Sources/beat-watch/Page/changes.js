// Changes of schedules, each with its way back where there is one.

import { del, get, mayEdit, post, put, schedulePath } from "./api.js";
import { ask, askText } from "./dialog.js";
import { failed, toast } from "./dock.js";
import { button, busyButton, h } from "./dom.js";
import { isBookkeeping, join } from "./merge.js";
import { go, scheduleHash } from "./router.js";
import { plural } from "./words.js";

export const viewerReason = "Your role is viewer: you may look, and change nothing.";

/** A button for editors. For others it stays where it is, and says why it does nothing. */
export function editButton(label, action, options = {}) {
  if (mayEdit()) return busyButton(label, action, options);
  return button(label, () => toast(viewerReason), { ...options, "aria-disabled": "true", title: viewerReason });
}

let last = null;
const bus = new EventTarget();

/** Hears that something was changed, by this page. */
export const onChange = (hear, signal) => bus.addEventListener("change", (event) => hear(event.detail), { signal });

export const lastChange = () => last;

/** The next session undoes nothing of this one. */
export const forgetChange = () => (last = null);

/** Says what was done, and offers to undo it. */
export function announce(text, { ids = [], undo = null, note = "" } = {}) {
  last = undo && { text, ids, undo };
  const again = undo && { label: "Undo", run: undoLast };
  const message = toast(note ? `${text} ${note}` : text, { action: again, kind: "done" });
  bus.dispatchEvent(new CustomEvent("change", { detail: { ids } }));
  return message;
}

export async function undoLast() {
  if (!last) {
    toast("There is nothing to undo.");
    return;
  }
  const { undo, ids } = last;
  last = null;
  try {
    const words = await undo();
    toast(words ?? "Undone.", { kind: "done" });
  } catch (error) {
    failed(error);
  }
  bus.dispatchEvent(new CustomEvent("change", { detail: { ids } }));
}

async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    failed(error);
    return null;
  }
}

/** Saves over `seen`. A document that only the daemon has written meanwhile is joined with the change. */
export async function save(id, base, document, seen) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await put(schedulePath(id), { document, seen });
    } catch (error) {
      const theirs = error.body?.current;
      if (error.status !== 409 || !theirs || tries >= 5 || !isBookkeeping(base, document, theirs.document)) throw error;
      const joined = join(base, document, theirs.document);
      if (joined === null) throw error;
      [base, document, seen] = [theirs.document, joined, theirs.digest];
    }
  }
}

/** Takes an edit back, and keeps what others and the daemon have written since. */
export async function takeBack(id, name, { from, to }) {
  const now = await get(schedulePath(id));
  const before = join(from, to, now.document);
  if (before === null) throw new Error(`Somebody has changed the same fields of ${name} since. Nothing was undone.`);
  await save(id, now.document, before, now.digest);
  return `Took the change of ${name} back.`;
}

export function setEnabled({ id, name }, isEnabled) {
  const [word, back, done] = isEnabled ? ["enable", "disable", "Enabled"] : ["disable", "enable", "Disabled"];
  return attempt(async () => {
    await post(schedulePath(id, `/${word}`));
    const undo = async () => {
      await post(schedulePath(id, `/${back}`));
      return `${isEnabled ? "Disabled" : "Enabled"} ${name} again.`;
    };
    announce(`${done} ${name}.`, { ids: [id], undo });
    return true;
  });
}

const runAnswers = {
  fired: "was sent to its queue",
  late: "was not answered in time; the request stays and may still be carried out",
  unanswered: "was asked to run, and no daemon has answered. Is one running?",
  refused: "was not run",
};

export async function runNow({ id, name }) {
  const yes = await ask("Run it now?",
    `${name} is sent to its queue at once, whatever its schedule says. The due times stay as they are.`, "Run now");
  if (!yes) return;
  await attempt(async () => {
    const { answer, message, task_id: task } = await post(schedulePath(id, "/run"));
    const words = `${name} ${runAnswers[answer] ?? answer}`;
    const detail = message || (answer === "fired" && task ? `Task ${task}` : "");
    const kind = answer === "fired" ? "done" : answer === "refused" ? "error" : "warning";
    toast(`${words}${detail ? `: ${detail}` : "."}`, { kind, stays: answer !== "fired" });
  });
}

export async function renameSchedule({ id, name }) {
  const rename = (from, to) => post(schedulePath(from, "/rename"), { name: to });
  const hint = "The series goes on under the new name: nothing runs again, and nothing is postponed.";
  const done = await askText("Rename the schedule", "New name", name, "Rename", async (to) => {
    if (to.trim() === "") throw new Error("A schedule needs a name.");
    return to === name ? { id, name } : { ...(await rename(id, to)), name: to };
  }, hint);
  if (!done || done.id === id) return null;
  const undo = async () => {
    await rename(done.id, name);
    if (location.hash === scheduleHash(done.id)) go(scheduleHash(id));
    return `Renamed ${done.name} back to ${name}.`;
  };
  announce(`Renamed ${name} to ${done.name}.`, { ids: [id, done.id], undo });
  return done.id;
}

export async function deleteSchedule({ id, name }) {
  const before = await attempt(() => get(schedulePath(id)));
  if (!before) return false;
  const yes = await ask("Delete the schedule?", `${name} rests at once, and its document is taken out of the store.`,
    "Delete", { kind: "danger" });
  if (!yes) return false;
  return Boolean(await attempt(async () => {
    await deleteSeen(id, before);
    const undo = before.is_text && (async () => {
      await post("/schedules", { name, document: before.document });
      return `Made ${name} again, as a new schedule.`;
    });
    announce(`Deleted ${name}.`, { ids: [id], undo });
    return true;
  }));
}

/** Deletes what was seen; a document that only the daemon has written meanwhile is still what was seen. */
async function deleteSeen(id, { document, digest }) {
  let seen = digest;
  for (let tries = 0; ; tries += 1) {
    try {
      return await del(schedulePath(id), { seen });
    } catch (error) {
      if (error.status !== 409 || tries >= 5) throw error;
      const now = error.body?.current ?? await get(schedulePath(id));
      if (!isBookkeeping(document, document, now.document)) throw error;
      seen = now.digest;
    }
  }
}

const bulkWords = {
  enable: ["Enable", "Enabled", "disable"],
  disable: ["Disable", "Disabled", "enable"],
  delete: ["Delete", "Deleted", null],
  run: ["Run", "Asked to run", null],
};

export async function changeMany(action, ids) {
  const [word, done, back] = bulkWords[action];
  const these = plural(ids.length, "schedule");
  if (action === "delete" || action === "run") {
    const text = action === "delete"
      ? `${these} will be taken out of the store. This cannot be undone here.`
      : `${these} will be sent to their queues at once.`;
    const yes = await ask(`${word} ${these}?`, text, `${word} ${these}`,
      { kind: action === "delete" ? "danger" : "primary" });
    if (!yes) return null;
  }
  return attempt(async () => {
    const { results } = await post("/bulk", { action, ids });
    const good = results.filter(({ is_done: isDone }) => isDone).map(({ id }) => id);
    const bad = results.filter(({ is_done: isDone }) => !isDone);
    const undo = back && good.length > 0 && (async () => {
      await post("/bulk", { action: back, ids: good });
      return `${bulkWords[back][1]} ${plural(good.length, "schedule")} again.`;
    });
    announce(`${done} ${plural(good.length, "schedule")}.`, { ids: good, undo });
    if (bad.length > 0) {
      toast(`${plural(bad.length, "schedule")} could not be changed: ${bad[0].message ?? "no reason was given"}`,
        { kind: "error" });
    }
    return results;
  });
}

export const roleNote = () => (mayEdit() ? null : h("p.note", viewerReason));
