/** @file Draws when there is something new, four times a second at most, and one part in each frame. */

/** In milliseconds. Each frame costs the processor that the training needs, too. */
const PAUSE = 250;

/** The next frame: what it draws is laid out and painted in the same task. */
export const nextFrame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));

export class Painter {
  private readonly parts: () => readonly (() => void)[];
  private hasNews = false;
  private isRunning = false;
  private last = Number.NEGATIVE_INFINITY;

  /** @param parts - what is drawn, one after the other */
  constructor(parts: () => readonly (() => void)[]) {
    this.parts = parts;
  }

  /** There is something new. */
  request(): void {
    this.hasNews = true;
    if (!this.isRunning) void this.run();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    try {
      while (this.hasNews) {
        const pause = this.last + PAUSE - performance.now();
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        this.hasNews = false;
        this.last = performance.now();
        for (const part of this.parts()) {
          await nextFrame();
          part();
        }
      }
    } finally {
      this.isRunning = false;
    }
  }
}
