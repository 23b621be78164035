/** @file Draws when there is something new, ten times a second at most. */

const PAUSE = 100;

export class Painter {
  private readonly paint: () => void;
  private isWaiting = false;
  private last = Number.NEGATIVE_INFINITY;

  constructor(paint: () => void) {
    this.paint = paint;
  }

  /** There is something new. */
  request(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    setTimeout(
      () => requestAnimationFrame(() => this.run()),
      Math.max(0, this.last + PAUSE - performance.now()),
    );
  }

  private run(): void {
    this.isWaiting = false;
    this.last = performance.now();
    this.paint();
  }
}
