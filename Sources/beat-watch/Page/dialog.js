// Dialogs: the browser's own, with its focus trap and its Esc.

import { busyButton, button, fill, h, iconButton } from "./dom.js";

/** Opens a dialog and gives its end: the value handed to `close`, or null. */
export function open(title, build, { wide = false } = {}) {
  return new Promise((resolve) => {
    const heading = h("h2", { id: "dialog-title" }, title);
    const dialog = h("dialog", { "aria-labelledby": "dialog-title", class: wide ? "wide" : "" });
    const close = (value = null) => {
      dialog.result = value;
      dialog.close();
    };
    const closer = iconButton("close", "Close", () => close());
    fill(dialog, h("header", heading, closer), build(close));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.result ?? null);
    });
    // A click beside the dialog has the dialog itself as its target.
    let isOutside = false;
    dialog.addEventListener("pointerdown", (event) => (isOutside = event.target === dialog));
    dialog.addEventListener("click", (event) => {
      if (isOutside && event.target === dialog) close();
    });
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector("[autofocus]") ?? closer).focus();
  });
}

/** Ends what is open as Esc would: without an answer. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

/** A question with one answer that acts. */
export function ask(title, text, label, { kind = "primary", more } = {}) {
  return open(title, (close) => [
    h("div.dialog-body", h("p", text), more),
    h("footer", null,
      button("Cancel", () => close(), { autofocus: kind === "danger" }),
      button(label, () => close(true), { kind, autofocus: kind !== "danger" })),
  ]);
}

/** Asks for a line of text. `accept` stores it, or throws an error whose message is shown. */
export function askText(title, label, value, confirm, accept, hint) {
  return open(title, (close) => {
    const input = h("input", {
      id: "dialog-text", value, autofocus: true, autocomplete: "off", spellcheck: "false",
      "aria-describedby": "dialog-error",
    });
    const error = h("p.field-error", { id: "dialog-error", role: "alert" });
    const send = busyButton(confirm, async () => {
      error.textContent = "";
      try {
        close(await accept(input.value));
      } catch (problem) {
        error.textContent = problem.message;
        input.focus();
      }
    }, { kind: "primary" });
    const form = h("form.dialog-form", { onsubmit: (event) => event.preventDefault() },
      h("div.dialog-body.field", h("label", { for: "dialog-text" }, label), input, error,
        hint && h("p.hint", hint)),
      h("footer", button("Cancel", () => close()), send));
    form.addEventListener("submit", () => send.click());
    input.addEventListener("focus", () => input.select(), { once: true });
    return form;
  });
}
