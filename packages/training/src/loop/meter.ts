/** @file How fast a loop is, and for how long it will go on. */

/** How far a loop is. */
export interface Progress {
  /** How many steps are done. */
  readonly step: number;
  /** How many there will be, if that is known. */
  readonly total: number | undefined;
  /** What the last step that was shown returned, by name. */
  readonly values: Readonly<Record<string, number>>;
  /** Over the last reports, so that a slow start is forgotten. */
  readonly stepsPerSecond: number;
  readonly seconds: number;
  readonly secondsLeft: number | undefined;
}

/** Reports that the rate is taken over. */
const WINDOW = 10;

/** Makes reports. Its clock starts when it is made. */
export class Meter {
  private readonly total: number | undefined;
  private readonly start: number = performance.now();
  private readonly marks: { step: number; time: number }[] = [{ step: 0, time: this.start }];

  constructor(total: number | undefined) {
    this.total = total;
  }

  report(step: number, values: Progress["values"]): Progress {
    const { total } = this;
    const time = performance.now();
    this.marks.push({ step, time });
    if (this.marks.length > WINDOW + 1) this.marks.shift();
    const first = this.marks[0]!;
    const passed = (time - first.time) / 1000;
    const stepsPerSecond = passed > 0 ? (step - first.step) / passed : 0;
    const left = total === undefined ? undefined : Math.max(0, total - step);
    const secondsLeft =
      left === 0 ? 0 : stepsPerSecond > 0 && left !== undefined ? left / stepsPerSecond : undefined;
    return { step, total, values, stepsPerSecond, seconds: (time - this.start) / 1000, secondsLeft };
  }
}
