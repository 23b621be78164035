/** @file What a tab of the page is. */
import type { Change } from "./store.ts";

export interface Panel {
  readonly title: string;
  readonly element: HTMLElement;
  /** Called when something changed while the panel is seen, and when it comes into sight. */
  refresh(change: Change): void;
}
