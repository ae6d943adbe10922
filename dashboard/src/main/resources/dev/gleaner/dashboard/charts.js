// Plots and bars. uPlot comes as a classic script and leaves one global behind.

import { color, element, number, percent } from "./dom.js";

/** The intervals in which nothing came in are zero, not missing. @param {{points: {at: number}[], stepSeconds: number, asOf: string}} series */
function columns(series, what) {
  const step = series.stepSeconds;
  const times = [];
  const values = [];
  if (series.points.length) {
    const known = new Map(series.points.map((point) => [point.at, point[what]]));
    const end = Math.floor(Date.parse(series.asOf) / 1000);
    for (let at = series.points[0].at; at <= end; at += step) {
      times.push(at);
      values.push((known.get(at) ?? 0) / step);
    }
  }
  return [times, values];
}

/** A line over time that can be given new numbers. @param {HTMLElement} place */
export function timeChart(place) {
  let plot = null;
  const size = () => ({ width: Math.max(200, place.clientWidth), height: 180 });
  new ResizeObserver(() => plot?.setSize(size())).observe(place);
  return {
    show(series, what, label) {
      const data = columns(series, what);
      plot?.destroy();
      plot = null;
      const most = data[1].length ? Math.max(...data[1]) : 0;
      place.setAttribute("role", "img");
      if (data[0].length < 2) {
        place.replaceChildren(element("p", { class: "empty" }, ["A plot needs two intervals; the first results are too young."]));
        place.setAttribute("aria-label", `${label}: not enough yet`);
        return;
      }
      place.replaceChildren();
      place.setAttribute("aria-label", `${label}: at most ${most.toFixed(2)}, last ${data[1][data[1].length - 1].toFixed(2)} per second`);
      const ink = color("--quiet");
      const grid = { stroke: color("--line"), width: 1 };
      plot = new uPlot(
        {
          ...size(),
          legend: { show: false },
          cursor: { y: false },
          scales: { y: { range: (self, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
          axes: [
            { stroke: ink, grid, ticks: grid },
            { stroke: ink, grid, ticks: grid, size: 60, values: (self, ticks) => ticks.map((tick) => number.format(tick)) },
          ],
          series: [{}, { label, stroke: color("--leased"), fill: color("--leased-faint"), width: 2, points: { show: false } }],
        },
        data,
        place,
      );
    },
  };
}

/** Bars with a count and a share each. @param {[string, number][]} entries */
export function bars(entries, most = 12) {
  const sum = entries.reduce((total, [, n]) => total + n, 0);
  const shown = entries.slice(0, most);
  const rest = entries.slice(most).reduce((total, [, n]) => total + n, 0);
  if (rest) shown.push([`${entries.length - most} more`, rest]);
  const longest = Math.max(1, ...shown.map(([, n]) => n));
  const table = element("table", { class: "bars" });
  for (const [name, n] of shown) {
    const bar = element("div");
    bar.style.width = `${(100 * n) / longest}%`;
    table.append(element("tr", {}, [
      element("th", { scope: "row" }, [name]),
      element("td", { class: "meter" }, [bar]),
      element("td", { class: "n" }, [number.format(n)]),
      element("td", { class: "n quiet" }, [sum ? percent.format(n / sum) : ""]),
    ]));
  }
  return table;
}
