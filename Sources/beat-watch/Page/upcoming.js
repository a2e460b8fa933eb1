// The runs that are ahead, with the days on which clocks are changed.

import { h } from "./dom.js";
import { eachSecond, full, until, viewerZone } from "./time.js";
import { markTime } from "./timetip.js";

export function upcomingList(upcoming, zone) {
  if (!upcoming?.length) return h("p.hint", "No run is ahead.");
  return h("ol.upcoming", upcoming.map((each) => {
    const wait = h("span.wait");
    eachSecond(wait, () => until(each.sent ?? each.due));
    const time = h("span.time", { tabindex: "0" }, each.local ?? full(each.due, zone ?? viewerZone));
    markTime(time, each.due, zone);
    return h("li", { class: each.clock_change ? "has-change" : "" }, time, wait,
      each.clock_change && h("span.tag.warning", each.clock_change));
  }));
}
