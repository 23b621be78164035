/** @file A part of a training's page. */

/** Each card is made and painted in a frame of its own, so that no task of the page is long. */
export interface Card<Sight> {
  readonly element: HTMLElement;
  /** Takes in what there is to see at a step. */
  see(sight: Sight, step: number): void;
  /** Training goes on from a step: what came after it is past. */
  branch?(step: number): void;
  /** Shows what was taken in. */
  paint(): void;
  /** After the colours changed. */
  redraw(): void;
}
