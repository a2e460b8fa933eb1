// What lies over the lower edge of the page: messages, banners, and the bar of a selection. Nothing there moves what
// people point at.

import { button, command, fill, h, iconButton } from "./dom.js";

const place = (id) => document.getElementById(id);

const banners = new Map();

/** A state that lasts, such as a store that is gone; null takes it back. */
export function setBanner(key, banner) {
  const old = banners.get(key);
  if (!banner) {
    old?.element.remove();
    banners.delete(key);
    return;
  }
  const words = JSON.stringify(banner);
  if (old?.words === words) return;
  const element = h("div", { class: `banner ${banner.kind ?? "warning"}` },
    h("span.dot"), h("p", h("strong", banner.title), " ", banner.text), command(banner.command));
  if (old) old.element.replaceWith(element);
  else place("banners").append(element);
  banners.set(key, { element, words });
}

/** Messages stay until they are closed, or until there are more than three. Those without an action leave sooner. */
export function toast(text, { kind = "", action, stays = Boolean(action) || kind === "error" } = {}) {
  const words = h("p", text);
  const element = h("div", { class: `toast ${kind}` }, words);
  const close = () => element.remove();
  if (action) {
    element.append(button(action.label, () => {
      close();
      action.run();
    }, { kind: "quiet accent" }));
  }
  element.append(iconButton("close", "Close the message", close));
  place("toasts").append(element);
  while (place("toasts").childElementCount > 3) place("toasts").firstElementChild.remove();
  if (!stays) setTimeout(close, 6000);
  return { close, say: (next) => (words.textContent = next) };
}

export const failed = (error) => toast(error.message, { kind: "error" });

export function setBulkBar(bar) {
  fill(place("bulk"), bar);
}

/** What was said to one person is not shown to the next. */
export function clearDock() {
  fill(place("toasts"));
  setBulkBar(null);
  for (const key of [...banners.keys()]) setBanner(key, null);
}

// The page ends above the dock, so that the last row can be scrolled into sight. A layout that is changed in the turn
// of an observer is an error to browsers, so the height is written in the next one.
new ResizeObserver(([{ contentRect }]) => requestAnimationFrame(() =>
  document.documentElement.style.setProperty("--dock", `${Math.ceil(contentRect.height)}px`))).observe(place("dock"));
