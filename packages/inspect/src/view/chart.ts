/** @file Lines over steps or layers: uPlot, with a cursor for the keyboard and a text for each place. */
import UPlot from "uplot";
import { h } from "./dom.ts";
import { figure } from "./format.ts";
import { cssValue } from "./theme.ts";

/** One line of a chart. */
export interface Line {
  readonly label: string;
  /** A custom property of CSS, such as `--blue`. */
  readonly color: string;
  readonly values: readonly (number | null)[];
  readonly isDashed?: boolean;
}

/** Options of {@link Chart}. */
export interface ChartOptions {
  /** What the chart shows. */
  readonly label: string;
  readonly height?: number;
  /** Whether sizes are on a logarithmic scale. Values up to 0 are not shown then. */
  readonly isLog?: boolean;
  /** The text of a place, for the axis and the readout. */
  readonly nameOf?: (x: number) => string;
  /** Places that are marked, with a text for each. */
  readonly marks?: ReadonlyMap<number, string>;
  /** Called when a place is chosen by click or Enter. */
  readonly onPick?: (index: number) => void;
  /** Whether each place has its name at the axis. */
  readonly isNamed?: boolean;
  /** Whether there is a point for each value. */
  readonly hasPoints?: boolean;
}

const HEIGHT = 200;
const LONGEST_NAME = 18;
/** A logarithmic axis has so many marks at most. */
const MARKS = 6;

const shortened = (name: string): string =>
  name.length > LONGEST_NAME ? `…${name.slice(1 - LONGEST_NAME)}` : name;

/** Powers of ten in a range; a narrow range has its ends. */
function powersIn(min: number | undefined, max: number | undefined): number[] {
  if (!min || !max) return [];
  const [from, to] = [Math.ceil(Math.log10(min) - 1e-9), Math.floor(Math.log10(max) + 1e-9)];
  if (to <= from) return [min, max];
  const step = Math.ceil((to - from + 1) / MARKS);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => 10 ** (from + i * step));
}

/**
 * Lines over steps or layers as an element of a page: `element`. Arrow keys move along it, and a text
 * says what is at the place.
 * @example
 * ```ts
 * import { Chart } from "@nnxjs/inspect/view";
 *
 * if (typeof document === "object") {
 *   const loss = { label: "loss", color: "--blue", values: [2.3, 1.1, 0.4] };
 *   document.body.append(new Chart({ label: "The loss, by step" }, [0, 1, 2], [loss]).element);
 * }
 * ```
 */
export class Chart {
  private readonly options: ChartOptions;
  readonly element: HTMLElement;
  private readonly plot: UPlot;
  private readonly place = h("div", { class: "plot" });
  private readonly line = h("div", { class: "mark", hidden: true });
  private readonly readout = h("output", { class: "readout" });
  private xs: readonly number[] = [];
  private lines: readonly Line[];
  private marked: number | undefined;

  constructor(options: ChartOptions, xs: readonly number[], lines: readonly Line[]) {
    this.options = options;
    this.lines = lines;
    this.place.tabIndex = 0;
    this.place.setAttribute("role", "img");
    this.element = h(
      "figure",
      { class: "chart" },
      h("figcaption", {}, h("span", {}, options.label), this.key()),
      this.place,
      this.readout,
    );
    this.plot = new UPlot(this.settings(), [[], ...lines.map(() => [])], this.place);
    this.plot.over.append(this.line);
    this.place.addEventListener("keydown", (event) => this.onKey(event));
    this.plot.over.addEventListener("click", () => {
      if (typeof this.plot.cursor.idx === "number") options.onPick?.(this.plot.cursor.idx);
    });
    new ResizeObserver(() => this.resize()).observe(this.place);
    this.show(xs, lines);
  }

  show(xs: readonly number[], lines: readonly Line[]): void {
    this.xs = xs;
    this.lines = lines;
    const isShown = (value: number | null): value is number =>
      value !== null && Number.isFinite(value) && (!this.options.isLog || value > 0);
    this.plot.setData([
      [...xs],
      ...lines.map(({ values }) => values.map((value) => (isShown(value) ? value : null))),
    ]);
    const all = lines.map(({ label, values }) => {
      const last = values.at(-1);
      return `${label}${typeof last === "number" ? `, last ${figure(last)}` : ""}`;
    });
    this.place.setAttribute("aria-label", `${this.options.label}: ${all.join("; ")}. Arrow keys read it.`);
  }

  /** Marks a place with a line from top to bottom. */
  mark(index: number | undefined): void {
    this.marked = index;
    this.placeMark();
  }

  redraw(): void {
    this.plot.redraw(false);
  }

  destroy(): void {
    this.plot.destroy();
  }

  private key(): HTMLElement {
    return h(
      "span",
      { class: "lines" },
      ...this.lines.map(({ label, color, isDashed }) => {
        const swatch = h("i", { class: isDashed ? "dashed" : undefined });
        swatch.style.borderColor = `var(${color})`;
        return h("span", {}, swatch, label);
      }),
    );
  }

  private resize(): void {
    const width = this.place.clientWidth;
    if (width > 0 && width !== this.plot.width)
      this.plot.setSize({ width, height: this.options.height ?? HEIGHT });
  }

  private read(index: number | null | undefined): void {
    if (typeof index !== "number" || this.xs[index] === undefined) {
      this.readout.textContent = "";
      return;
    }
    const { nameOf = String, marks } = this.options;
    const values = this.lines.map(({ label, values: all }) => `${label} ${figure(all[index] ?? Number.NaN)}`);
    const flag = marks?.get(index);
    this.readout.textContent = `${nameOf(this.xs[index])}: ${values.join(", ")}${flag ? ` — ${flag}` : ""}`;
  }

  private onKey(event: KeyboardEvent): void {
    const last = this.xs.length - 1;
    const at = this.plot.cursor.idx ?? -1;
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: Math.max(0, at - 1),
      ArrowRight: Math.min(last, at + 1),
      Home: 0,
      End: last,
    };
    const to = targets[event.key];
    if (event.key === "Enter" && at >= 0) this.options.onPick?.(at);
    else if (to === undefined || last < 0) return;
    else {
      this.plot.setCursor({ left: this.plot.valToPos(this.xs[to] as number, "x"), top: 10 });
      this.plot.cursor.idx = to;
      this.read(to);
    }
    event.preventDefault();
  }

  private settings(): UPlot.Options {
    const { isLog = false, nameOf, height = HEIGHT, hasPoints = false, isNamed = false } = this.options;
    const css = (name: string): string => cssValue(this.element, name);
    const axis = {
      stroke: () => css("--ink-2"),
      grid: { stroke: () => css("--line"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui, sans-serif",
    };
    return {
      width: 400,
      height,
      legend: { show: false },
      ...(isNamed && { padding: [null, 76, null, null] as UPlot.Padding }),
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: false }, y: isLog ? { distr: 3 } : {} },
      axes: [
        {
          ...axis,
          size: isNamed ? 86 : 30,
          ...(isNamed && { rotate: -32, space: 28, incrs: [1, 2, 5, 10, 20, 50, 100] }),
          ...(nameOf && {
            values: (_: UPlot, splits: number[]) =>
              splits.map((x) => (Number.isInteger(x) ? shortened(nameOf(x)) : "")),
          }),
        },
        {
          ...axis,
          size: 62,
          ...(isLog && { splits: (plot: UPlot) => powersIn(plot.scales.y?.min, plot.scales.y?.max) }),
          values: (_: UPlot, splits: number[]) => splits.map(figure),
        },
      ],
      series: [
        {},
        ...this.lines.map(({ label, color, isDashed }) => ({
          label,
          stroke: () => css(color),
          width: 1.75,
          spanGaps: true,
          ...(isDashed && { dash: [5, 4] }),
          points: { show: hasPoints, size: 6, fill: () => css(color), stroke: () => css(color) },
        })),
      ],
      hooks: {
        setCursor: [(plot: UPlot) => this.read(plot.cursor.idx)],
        draw: [(plot: UPlot) => this.drawMarks(plot)],
        setSize: [() => this.placeMark()],
        setScale: [() => this.placeMark()],
      },
    };
  }

  /** An element of its own: the lines need not be drawn again when it moves. */
  private placeMark(): void {
    const x = this.marked === undefined ? undefined : this.xs[this.marked];
    this.line.hidden = x === undefined;
    if (x !== undefined) this.line.style.left = `${this.plot.valToPos(x, "x")}px`;
  }

  private drawMarks(plot: UPlot): void {
    const { ctx, bbox } = plot;
    const ratio = window.devicePixelRatio || 1;
    ctx.save();
    ctx.fillStyle = cssValue(this.element, "--flag");
    for (const index of this.options.marks?.keys() ?? []) {
      const at = this.xs[index];
      if (at === undefined) continue;
      const left = plot.valToPos(at, "x", true);
      const side = 6 * ratio;
      ctx.beginPath();
      ctx.moveTo(left - side, bbox.top);
      ctx.lineTo(left + side, bbox.top);
      ctx.lineTo(left, bbox.top + 1.6 * side);
      ctx.fill();
    }
    ctx.restore();
  }
}
