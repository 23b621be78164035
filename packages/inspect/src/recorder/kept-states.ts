/** @file States of a run: the first one, and the patches from each to the next. */
import {
  applyPatches,
  diffPatches,
  dispose,
  NotFoundError,
  type OwnedState,
  type State,
  type StatePatches,
} from "@nnxjs/nnx-core";
import { isTensor } from "../tensor.ts";

const BYTES_PER_VALUE = 4;

/** The bytes of all tensors in patches or a State. */
function bytesIn(node: unknown): number {
  if (isTensor(node)) return node.size * BYTES_PER_VALUE;
  if (typeof node !== "object" || node === null) return 0;
  return Object.values(node).reduce<number>((sum, each) => sum + bytesIn(each), 0);
}

interface Step {
  readonly step: number;
  readonly patches: StatePatches;
  readonly bytes: number;
}

/** Keeps States within a number of bytes. When they take more, every second one goes. */
export class KeptStates {
  private first: { readonly step: number; readonly state: OwnedState; readonly bytes: number } | undefined;
  private last: OwnedState | undefined;
  private rest: Step[] = [];
  /** Whether one State alone takes more bytes than all may. */
  private isTooLarge = false;

  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  get steps(): number[] {
    return this.first ? [this.first.step, ...this.rest.map(({ step }) => step)] : [];
  }

  /** Takes over a State. */
  add(step: number, state: OwnedState): void {
    if (this.isTooLarge || this.most === 0) {
      dispose(state);
      return;
    }
    if (!this.first || !this.last) {
      const bytes = bytesIn(state);
      this.isTooLarge = bytes > this.most;
      if (this.isTooLarge) {
        dispose(state);
        return;
      }
      this.first = { step, state, bytes };
      this.last = state;
      return;
    }
    const patches = diffPatches(this.last, state);
    this.rest.push({ step, patches, bytes: bytesIn(patches.map(({ value }) => value)) });
    if (this.last !== this.first.state) dispose(this.last);
    this.last = state;
    while (this.bytes > this.most && this.rest.length > 0) this.thin();
  }

  private get bytes(): number {
    return this.rest.reduce((sum, { bytes }) => sum + bytes, this.first?.bytes ?? 0);
  }

  /** Drops every second State. */
  private thin(): void {
    const { first } = this;
    if (!first) return;
    const kept: Step[] = [];
    let before: OwnedState = first.state;
    for (let i = 1; i < this.rest.length; i += 2) {
      const { step } = this.rest[i] as Step;
      const state = this.at(step);
      const patches = diffPatches(before, state);
      kept.push({ step, patches, bytes: bytesIn(patches.map(({ value }) => value)) });
      if (before !== first.state) dispose(before);
      before = state;
    }
    for (const { patches } of this.rest) dispose(patches);
    this.rest = kept;
    if (this.last && this.last !== first.state) dispose(this.last);
    this.last = before;
  }

  /** @returns a State that the caller owns. */
  at(step: number): OwnedState {
    const { first } = this;
    const index = this.rest.findIndex((each) => each.step === step);
    if (!first || (index < 0 && step !== first.step)) {
      throw new NotFoundError(
        `Recorder.stateAt: expected a step whose State was kept (${this.steps.join(", ") || "there are none"}), got ${step}. ` +
          "Give the Recorder more stateBytes to keep more States.",
      );
    }
    const state: State = first.state;
    return applyPatches(
      state,
      this.rest.slice(0, index + 1).flatMap(({ patches }) => [...patches]),
    );
  }

  dispose(): void {
    for (const { patches } of this.rest) dispose(patches);
    if (this.last && this.last !== this.first?.state) dispose(this.last);
    if (this.first) dispose(this.first.state);
    this.rest = [];
    this.first = undefined;
    this.last = undefined;
  }
}
