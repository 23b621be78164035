/** @file Draws when there is something new, one part in each frame, and then pauses. */

/** In milliseconds. Each frame costs the processor that the training needs, too. */
const PAUSE = 200;

/** The next frame: what it draws is laid out and painted in the same task. */
export const nextFrame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));

export class Painter {
  private readonly parts: () => readonly (() => void)[];
  private hasNews = false;
  private isRunning = false;
  private last = Number.NEGATIVE_INFINITY;
  private endPause: (() => void) | undefined;

  /** @param parts - what is drawn, one after the other */
  constructor(parts: () => readonly (() => void)[]) {
    this.parts = parts;
  }

  /**
   * There is something new.
   * @param isUrgent - draw it at once, as what the reader asked for
   */
  request(isUrgent = false): void {
    this.hasNews = true;
    if (isUrgent) {
      this.last = Number.NEGATIVE_INFINITY;
      this.endPause?.();
    }
    if (!this.isRunning) void this.run();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    try {
      while (this.hasNews) {
        const pause = this.last + PAUSE - performance.now();
        if (pause > 0)
          await new Promise<void>((resolve) => {
            this.endPause = resolve;
            setTimeout(resolve, pause);
          });
        this.hasNews = false;
        for (const part of this.parts()) {
          await nextFrame();
          part();
        }
        this.last = performance.now();
      }
    } finally {
      this.isRunning = false;
    }
  }
}
