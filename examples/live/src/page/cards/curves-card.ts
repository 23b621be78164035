/** @file A chart of values over the steps. */
import { Chart, type Line } from "@nnxjs/inspect/view";
import { Curves } from "../curves.ts";
import type { Card } from "./card.ts";

interface CurvesCardOptions<Sight> {
  readonly label: string;
  readonly isLog?: boolean;
  /** Whether it takes a whole row. */
  readonly isWide?: boolean;
  /** The name and the colour of each curve. */
  readonly curves: readonly (readonly [label: string, color: string])[];
  /** A curve of what had come before training went back: its name and colour. */
  readonly past?: readonly [label: string, color: string];
  /** The value of each curve. Nothing when values come by `push` alone. */
  readonly valuesOf?: (sight: Sight) => readonly number[];
}

export class CurvesCard<Sight> implements Card<Sight> {
  readonly element: HTMLElement;
  private readonly options: CurvesCardOptions<Sight>;
  private readonly values = new Curves();
  private readonly chart: Chart;
  /** The step that is marked, if there is one. */
  marked: number | undefined;

  constructor(options: CurvesCardOptions<Sight>) {
    this.options = options;
    const { label, isLog = false } = options;
    this.chart = new Chart({ label, isLog, height: 180 }, [], this.lines());
    this.element = this.chart.element;
    this.element.classList.toggle("wide", options.isWide === true);
  }

  push(step: number, values: readonly number[]): void {
    this.values.push(step, values);
  }

  see(sight: Sight, step: number): void {
    const values = this.options.valuesOf?.(sight);
    if (values) this.push(step, values);
  }

  branch(step: number): void {
    this.values.branch(step);
  }

  paint(): void {
    this.chart.show(this.values.steps, this.lines());
    this.chart.mark(this.marked === undefined ? undefined : this.values.indexOf(this.marked));
  }

  redraw(): void {
    this.chart.redraw();
  }

  private lines(): readonly Line[] {
    const { curves, past } = this.options;
    const now = curves.map(([label, color], i) => ({ label, color, values: this.values.now(i) }));
    if (!past) return now;
    const [label, color] = past;
    return [...now, { label, color, values: this.values.before(0), isDashed: true }];
  }
}
