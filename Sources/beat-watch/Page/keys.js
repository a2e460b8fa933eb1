// The keyboard: one table of keys for the page, and the dialog that shows it.

import { open } from "./dialog.js";
import { h } from "./dom.js";

const table = [
  ["In the list", [
    [["j", "↓"], "Next schedule"], [["k", "↑"], "Previous schedule"], [["Enter"], "Open it"], [["x"], "Select it"],
    [["["], "Previous page"], [["]"], "Next page"], [["r"], "Refresh"],
  ]],
  ["With a schedule", [[["e"], "Edit it"], [["Ctrl", "S"], "Save, in the editor"], [["u"], "Undo the last change"]]],
  ["Everywhere", [
    [["/"], "Search"], [["n"], "New schedule"], [["g", "l"], "Schedules"], [["g", "r"], "Runs"], [["g", "s"], "System"],
    [["?"], "These keys"], [["Esc"], "Close, or clear the search"],
  ]],
];

export const help = () =>
  open("Keys", () => h("div.dialog-body.keys", table.map(([title, rows]) =>
    h("section", h("h3", title), h("dl", rows.map(([keys, text]) =>
      h("div", h("dt", keys.map((key) => h("kbd", key))), h("dd", text))))))));

export const isTyping = (target) =>
  target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select");

/** Calls the action of a key, unless somebody types or a dialog is open. */
export function onKeys(actions, signal) {
  let first = null;
  let since = 0;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (isTyping(event.target) && event.key !== "Escape") return;
    const pair = first !== null && event.timeStamp - since < 1200 ? `${first} ${event.key}` : null;
    const action = actions[pair] ?? actions[event.key];
    first = event.key;
    since = event.timeStamp;
    if (action && action(event) !== false) event.preventDefault();
  }, { signal });
}
