/** @file Sets a model's modes and streams for sampling, and restores them. */
import { iterNodes } from "@nnxjs/nnx-core";
import { type ModeChanges, modeChanges, type ModeWrite } from "@nnxjs/nnx-core/internal";
import { foldIn, type PRNGKey } from "@nnxjs/rnglib/keys";
import { RngStream } from "@nnxjs/rnglib";

/**
 * Sets the modes and streams of a model while a function runs. Stochastic layers draw masks (or
 * none do), normalisation uses its running averages, all rows of a pass share masks, and layers
 * without a stream have one. The modes are set as `setMode` sets them.
 */
export class SamplingMode {
  readonly #changes: () => ModeChanges;
  readonly #streams: readonly RngStream[];
  /** Streams for layers that have none. */
  readonly #lent: readonly ModeWrite[];

  constructor(model: object, { deterministic }: { deterministic: boolean }) {
    const modes = { deterministic, useRunningAverage: true };
    // One pass is one function: its prediction for a row must not depend on the other rows.
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

  /** Runs `f` with the modes and streams set, and restores them afterwards, even after an error. */
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
      // Computed anew each time, because the caller may change the model between slices of an
      // asynchronous sampling.
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
   * Restarts every stream from its own key, derived from `key`. So the following draws depend only
   * on `key`.
   */
  seed(key: PRNGKey): void {
    this.#streams.forEach((stream, i) => {
      stream.key.setRawValue(foldIn(key, i));
      stream.count.setRawValue(0);
    });
  }

  /** Whether a key was drawn since the last {@link seed}. */
  get hasDrawn(): boolean {
    return this.#streams.some((stream) => stream.count.getRawValue() !== 0);
  }
}
