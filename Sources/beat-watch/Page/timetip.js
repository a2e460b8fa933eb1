// A small table beside a time that is pointed at or focused: in the viewer's zone, the schedule's, and UTC.

import { h } from "./dom.js";
import { full, viewerZone } from "./time.js";

const tip = h("div.timetip", { role: "tooltip", id: "timetip", hidden: true });

/** Marks an element as showing this instant. */
export function markTime(element, text, zone) {
  if (text) element.dataset.at = text;
  else delete element.dataset.at;
  if (zone) element.dataset.zone = zone;
  else delete element.dataset.zone;
}

const zonesOf = (zone) => [...new Set([viewerZone, zone, "UTC"].filter(Boolean))];

function show(element) {
  const { at, zone } = element.dataset;
  tip.replaceChildren(h("dl", zonesOf(zone).map((each) => {
    const name = each === viewerZone ? `${each} (yours)` : each === zone ? `${each} (the schedule’s)` : each;
    return h("div", h("dt", name), h("dd", full(at, each)));
  })));
  tip.hidden = false;
  const { left, bottom, top } = element.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const below = bottom + 6 + height < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  tip.style.top = `${below ? bottom + 6 : Math.max(8, top - height - 6)}px`;
}

const hide = () => (tip.hidden = true);

export function followTimes() {
  document.body.append(tip);
  document.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType === "touch") return;
    const element = target.closest?.("[data-at]");
    if (element) show(element);
    else hide();
  });
  // In a table the row's link has the focus: its first time is the one that comes next.
  document.addEventListener("focusin", ({ target }) => {
    const row = target.matches?.(":focus-visible") && target.closest("tr");
    const element = target.closest?.("[data-at]") ?? (row && row.querySelector("[data-at]"));
    if (element) show(element);
    else hide();
  });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
  addEventListener("scroll", hide, { passive: true, capture: true });
}
