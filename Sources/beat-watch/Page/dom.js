// Builds elements. Text enters the page as text nodes only, so that no document's content can become markup.

const svgSpace = "http://www.w3.org/2000/svg";

function built(element, parts) {
  const attributes = parts[0]?.constructor === Object ? parts[0] : null;
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" && "value" in element) element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...present(attributes ? parts.slice(1) : parts));
  return element;
}

const present = (children) =>
  children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");

/** Puts these into an element, in the place of what it had. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

/** `h("p.hint.small", { id: "x" }, "text", element)`; attributes may be left out, and children that are not there. */
export function h(name, ...parts) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  return built(element, parts);
}

export const svg = (tag, ...parts) => built(document.createElementNS(svgSpace, tag), parts);

/** Writes a text only if it differs: a selection in it, and a screen reader's place, stay. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function button(label, action, { kind = "", ...attributes } = {}) {
  return h("button", { type: "button", class: `button ${kind}`, onclick: action, ...attributes }, label);
}

/** A button that cannot be pressed twice while its action runs. */
export function busyButton(label, action, options) {
  const element = button(label, async () => {
    if (element.getAttribute("aria-busy")) return;
    element.setAttribute("aria-busy", "true");
    try {
      await action();
    } finally {
      element.removeAttribute("aria-busy");
    }
  }, options);
  return element;
}

const shapes = {
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.8 10.8 14 14",
  close: "M4 4l8 8M12 4l-8 8",
  back: "M10 3 5 8l5 5",
  next: "M6 3l5 5-5 5",
  up: "M8 13V3M4 7l4-4 4 4",
  refresh: "M13.5 8a5.5 5.5 0 1 1-1.6-3.9M13.5 2v3h-3",
  theme: "M8 1.8a6.2 6.2 0 1 0 0 12.4ZM8 1.8a6.2 6.2 0 0 1 0 12.4",
  help: "M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.1M8 14.5A6.5 6.5 0 1 0 8 1.5a6.5 6.5 0 0 0 0 13Z",
  plus: "M8 3v10M3 8h10",
  copy: "M6 6h7v7H6zM3 10V3h7",
};

export const icon = (name) =>
  svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: shapes[name] }));

export function iconButton(name, label, action, attributes) {
  const options = { type: "button", class: "button icon-only", "aria-label": label, title: label, onclick: action };
  return h("button", { ...options, ...attributes }, icon(name));
}

const isCommand = /^(beat-watch|redis-cli|mongosh|python3?|celery|sudo|systemctl|rabbitmq\S*)\s/;

/** What to do: a command to be copied, where the browser lets a page write to the clipboard, or advice in words. */
export function command(text) {
  if (!text) return null;
  if (!isCommand.test(text)) return h("p.advice", h("strong", "What to do: "), text);
  const copy = navigator.clipboard && iconButton("copy", "Copy the command", async () => {
    await navigator.clipboard.writeText(text).catch(() => {});
    copy.classList.add("is-done");
    setTimeout(() => copy.classList.remove("is-done"), 1200);
  });
  return h("div.command", h("code", text), copy);
}

export const facts = (pairs) =>
  h("dl.facts", pairs.filter(Boolean).map(([label, content]) =>
    h("div", h("dt", label), h("dd", content ?? h("span.faint", "–")))));

/** A table of texts that may be wider than its place; the first cell of a row is its title. */
export const plainTable = (label, titles, rows) =>
  h("div.scroll", { tabindex: "0", role: "region", "aria-label": label }, h("table.plain",
    h("thead", h("tr", titles.map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", rows.map(([title, ...cells]) => h("tr", h("th", { scope: "row" }, h("code", title)), cells)))));

/** A cell with JSON; a field that is not there has none. */
export const jsonCell = (text, kind) =>
  h("td", { class: kind }, text === null || text === undefined ? h("span.faint", "not there") : h("code", text));

export const empty = (title, ...children) =>
  h("div.empty", h("p.empty-title", title), children);
