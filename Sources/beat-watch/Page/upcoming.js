// The runs that are ahead, with the days on which clocks are changed.

import { h } from "./dom.js";
import { eachSecond, full, until, viewerZone } from "./time.js";
import { markTime } from "./timetip.js";

/** Seconds are enough where they tell the runs apart; milliseconds do for every other schedule. */
function shortened(times) {
  const short = times.map((time) => time.replace(/(:\d\d)\.\d+/, "$1"));
  return new Set(short).size === times.length ? short : times.map((time) => time.replace(/(\.\d{3})\d+/, "$1"));
}

export function upcomingList(upcoming, zone) {
  if (!upcoming?.length) return h("p.hint", "No run is ahead.");
  const times = shortened(upcoming.map((each) => each.local ?? full(each.due, zone ?? viewerZone)));
  return h("ol.upcoming", upcoming.map((each, index) => {
    const wait = h("span.wait");
    eachSecond(wait, () => until(each.sent ?? each.due));
    const time = h("span.time", { tabindex: "0" }, times[index]);
    markTime(time, each.due, zone);
    return h("li", { class: each.clock_change ? "has-change" : "" }, time, wait,
      each.clock_change && h("span.tag.warning", each.clock_change));
  }));
}
