/**
 * @file A search for a step after which the loss has fallen enough and is flat enough, in float32
 * throughout, so that it takes optax's decisions.
 * @see Nocedal and Wright 1999, Algorithms 3.5 and 3.6, https://doi.org/10.1007/978-0-387-40065-5
 */
import type { Line, Point } from "./line.ts";

/** How a search goes. */
export interface ZoomRules {
  readonly maxSteps: number;
  readonly maxStepsize: number | null;
  readonly tol: number;
  readonly increaseFactor: number;
  readonly slopeRtol: number;
  readonly curvRtol: number;
  readonly approxDecRtol: number | null;
  readonly stepsizePrecision: number;
}

/** What a search found. */
export interface ZoomResult {
  readonly point: Point;
  readonly count: number;
  readonly decreaseError: number;
  readonly curvatureError: number;
}

const f32 = Math.fround;

/** By how much a criterion is missed; what is NaN misses it infinitely. */
const missed = (by: number): number => (Number.isNaN(by) ? Infinity : Math.max(by, 0));

/** What is looked at of a line. */
type SearchedLine = Pick<Line, "start" | "at">;

export class ZoomSearch {
  private readonly line: SearchedLine;
  private readonly rules: ZoomRules;
  /** The last point that was tried. */
  private point: Point;
  private decreaseError = Infinity;
  private curvatureError = Infinity;
  private count = 0;
  private state: "searching" | "zooming" | "done" | "failed" = "searching";
  /** The ends of an interval with a good point in it; the loss is lower at `low`. */
  private low: Point;
  private high: Point;
  /** A third point, for cubic interpolation. */
  private third: Point;
  /** The best point at which the loss has fallen enough. */
  private safe: Point;

  constructor(line: SearchedLine, rules: ZoomRules) {
    this.line = line;
    this.rules = rules;
    this.point = this.low = this.high = this.third = this.safe = line.start;
  }

  /** @param guess - The first step size to try. */
  run(guess: number): ZoomResult {
    while (this.state === "searching" || this.state === "zooming") {
      if (this.state === "searching") this.search(guess);
      else this.zoom();
      this.count++;
    }
    const { safe, point, count, decreaseError, curvatureError } = this;
    const useSafe = this.state === "failed" && (safe.stepsize > 0 || decreaseError === Infinity);
    return { point: useSafe ? safe : point, count, decreaseError, curvatureError };
  }

  /** One longer step, until an interval is found. */
  private search(guess: number): void {
    const { rules, count, point: before } = this;
    const longer = count === 0 ? guess : f32(rules.increaseFactor * before.stepsize);
    const isLongest = rules.maxStepsize !== null && longer >= rules.maxStepsize;
    const point = this.try(isLongest ? f32(rules.maxStepsize) : longer);
    if (this.decreaseError <= rules.tol) this.safe = point;
    const isHigh = this.decreaseError > 0 || (point.value >= before.value && count > 0);
    const isLow = point.slope >= 0 && !isHigh;
    this.low = isLow ? point : before;
    this.high = isLow ? before : point;
    this.third = this.low;
    const isFound = isHigh || isLow || this.error <= rules.tol;
    if (this.error <= rules.tol || (isLongest && !isFound)) this.state = "done";
    else if (count + 1 >= rules.maxSteps) this.state = "failed";
    else if (isFound) this.state = "zooming";
  }

  /** One point inside the interval, which becomes smaller. */
  private zoom(): void {
    const { rules, low, high, third } = this;
    const length = f32(Math.abs(high.stepsize - low.stepsize));
    const point = this.try(middleOf(low, high, third, length));
    const hasFallen = this.decreaseError <= rules.tol;
    if (hasFallen && point.value < this.safe.value) this.safe = point;
    const isHigh = this.decreaseError > 0 || point.value >= low.value;
    const turns = f32(point.slope * f32(high.stepsize - low.stepsize)) >= 0 && !isHigh;
    this.third = isHigh || turns ? high : low;
    this.high = isHigh ? point : turns ? low : high;
    this.low = isHigh ? low : point;
    if (this.error <= rules.tol) this.state = "done";
    else if (
      this.count + 1 >= rules.maxSteps ||
      (length <= rules.stepsizePrecision && this.safe.stepsize > 0)
    )
      this.state = "failed";
  }

  private get error(): number {
    return Math.max(this.decreaseError, this.curvatureError);
  }

  private try(stepsize: number): Point {
    const point = this.line.at(stepsize);
    this.point = point;
    this.decreaseError = this.decreaseErrorAt(point);
    const { start } = this.line;
    const { curvRtol } = this.rules;
    this.curvatureError = missed(f32(Math.abs(point.slope) - f32(curvRtol * Math.abs(start.slope))));
    return point;
  }

  /**
   * Near a minimum the loss has no digits left to show that it fell; there the slope tells.
   * @see Hager and Zhang 2006, (23) and (27), https://doi.org/10.1145/1132973.1132979
   */
  private decreaseErrorAt({ stepsize, value, slope }: Point): number {
    const { slopeRtol, approxDecRtol } = this.rules;
    const { start } = this.line;
    const fallen = f32(value - start.value);
    const exact = f32(fallen - f32(f32(slopeRtol * stepsize) * start.slope));
    if (approxDecRtol === null) return missed(exact);
    const bySlope = f32(slope - f32((2 * slopeRtol - 1) * start.slope));
    const risen = f32(fallen - f32(approxDecRtol * Math.abs(start.value)));
    return missed(Math.min(Math.max(bySlope, risen), exact));
  }
}

/** By a cubic, a parabola, or in half, whichever first is well inside the interval. */
function middleOf(low: Point, high: Point, third: Point, length: number): number {
  const left = Math.min(low.stepsize, high.stepsize);
  const right = Math.max(low.stepsize, high.stepsize);
  const isInside = (x: number, share: number): boolean =>
    x > f32(left + f32(share * length)) && x < f32(right - f32(share * length));
  const cubic = cubicMinimum(low, high, third);
  if (isInside(cubic, 0.2)) return cubic;
  const quadratic = quadraticMinimum(low, high);
  if (isInside(quadratic, 0.1)) return quadratic;
  return f32(f32(low.stepsize + high.stepsize) / 2);
}

/** Where the cubic through three points, with the slope at the first, is least; NaN if nowhere. */
function cubicMinimum(a: Point, b: Point, c: Point): number {
  const db = f32(b.stepsize - a.stepsize);
  const dc = f32(c.stepsize - a.stepsize);
  const both = f32(db * dc);
  const denominator = f32(f32(both * both) * f32(db - dc));
  const fb = f32(f32(b.value - a.value) - f32(a.slope * db));
  const fc = f32(f32(c.value - a.value) - f32(a.slope * dc));
  const db2 = f32(db * db);
  const dc2 = f32(dc * dc);
  const third = f32(f32(f32(dc2 * fb) - f32(db2 * fc)) / denominator);
  const second = f32(f32(f32(f32(db2 * db) * fc) - f32(f32(dc2 * dc) * fb)) / denominator);
  const radical = f32(f32(second * second) - f32(f32(3 * third) * a.slope));
  return f32(a.stepsize + f32(f32(f32(Math.sqrt(radical)) - second) / f32(3 * third)));
}

/** Where the parabola through two points, with the slope at the first, is least. */
function quadraticMinimum(a: Point, b: Point): number {
  const db = f32(b.stepsize - a.stepsize);
  const second = f32(f32(f32(b.value - a.value) - f32(a.slope * db)) / f32(db * db));
  return f32(a.stepsize - f32(a.slope / f32(2 * second)));
}
