/** @file Histograms, as small drawings. */
import type { Numbers } from "../format/report-data.ts";
import { svg } from "./dom.ts";
import { figure } from "./format.ts";

const SIZE = { width: 240, height: 56, axis: 14 };

export function histogramOf({ histogram, min, max }: Numbers): SVGSVGElement {
  const { width, height, axis } = SIZE;
  const most = Math.max(1, ...histogram);
  const step = width / Math.max(1, histogram.length);
  const bars = histogram.map((count, i) => {
    // The root shows tails that would be invisible otherwise.
    const size = Math.sqrt(count / most) * (height - 2);
    return svg("rect", {
      x: i * step,
      y: height - size,
      width: Math.max(0.5, step - 1),
      height: size,
      class: "bar",
    });
  });
  const zero = min < 0 && max > 0 ? ((0 - min) / (max - min)) * width : undefined;
  return svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height + axis}`,
      class: "histogram",
      role: "img",
      "aria-label": `Histogram from ${figure(min)} to ${figure(max)}, heights as square roots`,
    },
    ...bars,
    svg("line", { x1: 0, x2: width, y1: height, y2: height, class: "rule" }),
    zero === undefined
      ? undefined
      : svg("line", { x1: zero, x2: zero, y1: 0, y2: height + 3, class: "zero" }),
    svg("text", { x: 0, y: height + axis - 2 }, figure(min)),
    svg("text", { x: width, y: height + axis - 2, "text-anchor": "end" }, figure(max)),
  );
}
