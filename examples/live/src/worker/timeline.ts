/** @file Moments of a training to which one can return. */
import * as nnx from "@nnxjs/nnx";

interface Moment {
  readonly step: number;
  /** Immutable; what did not change since the moment before is shared with it. */
  readonly state: nnx.OwnedState;
}

/** Keeps States of a run. When there are too many, every second one goes. */
export class Timeline {
  private readonly run: nnx.Module;
  private readonly most: number;
  private moments: Moment[] = [];

  constructor(run: nnx.Module, most: number) {
    this.run = run;
    this.most = most;
  }

  get steps(): number[] {
    return this.moments.map(({ step }) => step);
  }

  /** Keeps the run as it is now. */
  keep(step: number): void {
    if (this.moments.at(-1)?.step === step) return;
    this.moments.push({ step, state: nnx.state(this.run) });
    if (this.moments.length <= this.most) return;
    const isKept = (i: number): boolean => i % 2 === 0;
    nnx.dispose(this.moments.filter((_, i) => !isKept(i)).map(({ state }) => state));
    this.moments = this.moments.filter((_, i) => isKept(i));
  }

  /** Makes the run what it was at the kept moment nearest to a step. @returns its step */
  restore(step: number): number {
    const distance = (moment: Moment): number => Math.abs(moment.step - step);
    const nearest = this.moments.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    nnx.update(this.run, nearest.state);
    return nearest.step;
  }

  /** Forgets what came after a step. @returns whether there was anything */
  forgetAfter(step: number): boolean {
    const later = this.moments.filter((moment) => moment.step > step);
    nnx.dispose(later.map(({ state }) => state));
    this.moments = this.moments.filter((moment) => moment.step <= step);
    return later.length > 0;
  }

  dispose(): void {
    nnx.dispose(this.moments.map(({ state }) => state));
    this.moments = [];
  }
}
