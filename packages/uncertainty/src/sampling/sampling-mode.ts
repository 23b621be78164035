/** @file A model with its modes and streams set for one thing, and back as they were. */
import { iterNodes } from "@nnxjs/nnx-core";
import { type ModeChanges, modeChanges, type ModeWrite } from "@nnxjs/nnx-core/internal";
import { foldIn, type PRNGKey } from "@nnxjs/rnglib/keys";
import { RngStream } from "@nnxjs/rnglib";

/**
 * The modes and streams of a model. While it is entered, stochastic layers draw masks (or none do),
 * normalisation uses its running averages, masks are shared by all rows of a pass, and layers
 * without a stream have one. Modes are set as `setMode` sets them.
 */
export class SamplingMode {
  readonly #changes: () => ModeChanges;
  readonly #streams: readonly RngStream[];
  /** Streams for layers that have none. */
  readonly #lent: readonly ModeWrite[];

  constructor(model: object, { deterministic }: { deterministic: boolean }) {
    const modes = { deterministic, useRunningAverage: true };
    // One pass is one function: what it says of a row must not depend on the rows beside it.
    const values = deterministic ? modes : { ...modes, masks: "batch" };
    this.#changes = () => modeChanges(model, { where: "sample", values, only: true, as: "modes" });
    const { users } = this.#changes();
    const streams: RngStream[] = [];
    const lent: ModeWrite[] = [];
    for (const [, node] of iterNodes(model)) {
      if (node instanceof RngStream) streams.push(node);
      if (deterministic || !users.get(node)?.has("deterministic")) continue;
      if (!("rngs" in node) || node.rngs !== null) continue;
      const stream = new RngStream(0, { tag: "sample" });
      streams.push(stream);
      lent.push({ node, name: "rngs", value: stream });
    }
    this.#streams = streams;
    this.#lent = lent;
  }

  /** Runs `f` with modes and streams set, and puts back what was, also when it throws. */
  during<R>(f: () => R): R {
    const restore: (() => void)[] = [];
    try {
      for (const { key, count } of this.#streams) {
        const [keyBefore, countBefore] = [key.getRawValue(), count.getRawValue()];
        restore.push(() => {
          key.setRawValue(keyBefore);
          count.setRawValue(countBefore);
        });
      }
      // Found out anew each time: between slices of an asynchronous sampling the model is the
      // caller's.
      for (const { node, name, value } of [...this.#changes().writes, ...this.#lent]) {
        const before: unknown = Reflect.get(node, name);
        restore.push(() => Reflect.set(node, name, before));
        Reflect.set(node, name, value);
      }
      return f();
    } finally {
      for (const undo of restore.reverse()) undo();
    }
  }

  /**
   * Starts every stream anew from a key, each from another one: what is drawn next depends on
   * nothing else.
   */
  seed(key: PRNGKey): void {
    this.#streams.forEach((stream, i) => {
      stream.key.setRawValue(foldIn(key, i));
      stream.count.setRawValue(0);
    });
  }

  /** Whether a key was drawn since {@link seed}. */
  get hasDrawn(): boolean {
    return this.#streams.some((stream) => stream.count.getRawValue() !== 0);
  }
}
