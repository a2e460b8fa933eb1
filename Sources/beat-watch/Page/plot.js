// Small plots in SVG. Each says in words what it shows, for those who cannot see it.

import { h, svg } from "./dom.js";
import { clock, full, lateKind, length } from "./time.js";
import { number, plural } from "./words.js";

/** The style reserves it, so that a plot that is drawn moves nothing. */
const height = 132;
const margin = { left: 48, right: 8, top: 8, bottom: 20 };

/** A plot that is drawn anew when its place gets another width. */
function plot(summary, draw) {
  const place = h("div.plot", { role: "img", "aria-label": summary });
  let width = 0;
  const paint = () => {
    const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    root.append(...draw({ width, height, left: margin.left, right: width - margin.right, top: margin.top,
      bottom: height - margin.bottom }));
    place.replaceChildren(root);
  };
  new ResizeObserver(([{ contentRect }]) => {
    if (Math.round(contentRect.width) === width || contentRect.width < 60) return;
    width = Math.round(contentRect.width);
    paint();
  }).observe(place);
  return place;
}

const scale = (from, to, low, high) => (value) =>
  (to === from ? (low + high) / 2 : low + ((value - from) / (to - from)) * (high - low));

const line = (x1, y1, x2, y2) => svg("line", { class: "grid", x1, y1, x2, y2 });

const label = (x, y, text, anchor) => svg("text", { x, y, "text-anchor": anchor }, text);

function timeAxis(box, from, to) {
  const x = scale(from, to, box.left, box.right);
  const count = box.width < 420 ? 2 : 4;
  const marks = Array.from({ length: count + 1 }, (_, index) => from + ((to - from) * index) / count);
  // Within minutes the seconds tell the marks apart; over longer times they are noise.
  const words = (at) => {
    const text = clock(new Date(at).toISOString());
    return to - from < 600_000 ? text : text.replace(/(:\d\d):\d\d$/, "$1");
  };
  const anchor = (index) => (index === 0 ? "start" : index === count ? "end" : "middle");
  const texts = marks.map((at, index) => label(x(at), box.height - 5, words(at), anchor(index)));
  return { x, marks: from === to ? texts.slice(0, 1) : texts };
}

const decades = [0.0001, 0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36_000, 360_000];

/** Lateness spans from milliseconds to hours, so its axis is a logarithm. */
function lateAxis(box, values) {
  const top = decades.find((each) => each >= Math.max(0.1, ...values)) ?? decades.at(-1);
  const least = Math.min(...values);
  const bottom = decades.findLast((each) => each <= least && each <= 0.01) ?? decades[0];
  const place = scale(Math.log(bottom), Math.log(top), box.bottom, box.top);
  const y = (seconds) => place(Math.log(Math.min(top, Math.max(bottom, seconds))));
  const marks = decades.filter((each) => each >= bottom && each <= top).map((each) => [
    line(box.left, y(each), box.right, y(each)),
    label(box.left - 6, y(each) + 4, length(each).replace(".0", ""), "end"),
  ]);
  return { y, marks };
}

const sorted = (values) => [...values].sort((a, b) => a - b);
const at = (values, share) => values[Math.min(values.length - 1, Math.floor(values.length * share))];

export function latenessSummary(runs) {
  const late = sorted(runs.map((run) => run.late ?? 0));
  if (late.length === 0) return "";
  return `${plural(late.length, "run")}: median ${length(at(late, 0.5))}, worst ${length(late.at(-1))} late`;
}

/** Each run as a dot: when it was fired, and how late. */
export function latenessPlot(runs) {
  return plot(`Lateness of the last ${latenessSummary(runs)}`, (box) => {
    const times = runs.map((run) => Date.parse(run.fired_at));
    const { x, marks: across } = timeAxis(box, Math.min(...times), Math.max(...times));
    const { y, marks: up } = lateAxis(box, runs.map((run) => run.late ?? 0));
    const dots = runs.map((run, index) =>
      svg("circle", { class: `point ${lateKind(run.late)}`, cx: x(times[index]), cy: y(run.late ?? 0), r: 3 },
        svg("title", `${full(run.fired_at)}: ${length(run.late)} late`)));
    return [...up.flat(), ...across, ...dots];
  });
}

const nice = (value) => {
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * unit).find((each) => each >= value);
};

/** How many runs were fired in each step. */
export function ratePlot({ step, points }) {
  const total = points.reduce((sum, { fires }) => sum + fires, 0);
  const summary = `${plural(total, "run")} in ${length(step * points.length)}`;
  return plot(summary, (box) => {
    const [from, to] = [Date.parse(points[0].at), Date.parse(points.at(-1).at) + step * 1000];
    const { x, marks } = timeAxis(box, from, to);
    const top = nice(Math.max(1, ...points.map(({ fires }) => fires)));
    const y = scale(0, top, box.bottom, box.top);
    const grid = [0, top / 2, top].filter((value) => Number.isInteger(value))
      .map((value) => [line(box.left, y(value), box.right, y(value)),
        label(box.left - 6, y(value) + 4, number(value), "end")]);
    const width = Math.max(1, (box.right - box.left) / points.length - 1);
    const bars = points.filter(({ fires }) => fires > 0).map(({ at: start, fires }) =>
      svg("rect", { class: "bar", x: x(Date.parse(start)), y: y(fires), width, height: box.bottom - y(fires) },
        svg("title", `${full(start)}: ${plural(fires, "run")} in ${length(step)}`)));
    return [...grid.flat(), ...marks, ...bars];
  });
}

const series = [["late_max", "worst"], ["late_p99", "99th percentile"], ["late_p50", "median"]];

/** The lateness of each step: median, 99th percentile, and the worst. */
export function latePlot({ step, points }) {
  const values = points.flatMap((point) => series.map(([key]) => point[key] ?? [])).flat();
  const worst = Math.max(0, ...values);
  const chart = plot(`Lateness; the worst is ${length(worst)}`, (box) => {
    const [from, to] = [Date.parse(points[0].at), Date.parse(points.at(-1).at) + step * 1000];
    const { x, marks } = timeAxis(box, from, to);
    const { y, marks: up } = lateAxis(box, values);
    const lines = series.map(([key]) => svg("path", { class: `series ${key}`, d: path(points, key, x, y) }));
    return [...up.flat(), ...marks, ...lines];
  });
  const legend = h("ul.legend", series.map(([key, words]) => h("li", { class: key }, words)));
  return [chart, legend];
}

/** A step without a run is a gap in the line; a step between two gaps is a dot. */
function path(points, key, x, y) {
  let text = "";
  let isOn = false;
  for (const point of points) {
    const late = point[key];
    if (late === null || late === undefined) {
      isOn = false;
      continue;
    }
    const place = `${x(Date.parse(point.at)).toFixed(1)} ${y(late).toFixed(1)}`;
    text += isOn ? `L${place}` : `M${place}h.01`;
    isOn = true;
  }
  return text;
}
