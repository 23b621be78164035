/** @file Sets a model's modes and streams for sampling, and restores them. */
import { iterNodes, Variable } from "@nnxjs/nnx-core";
import { hold, type ModeChanges, modeChanges, type ModeWrite } from "@nnxjs/nnx-core/internal";
import { foldIn, type PRNGKey } from "@nnxjs/rnglib/keys";
import { RngStream } from "@nnxjs/rnglib";

/**
 * Sets the modes and streams of a model while a function runs. Stochastic layers draw masks (or
 * none do), normalisation uses its running averages, all rows of a pass share masks, and layers
 * without a stream have one. The modes are set as `setMode` sets them. What the model writes to its
 * Variables meanwhile does not stay.
 */
export class SamplingMode {
  readonly #model: object;
  readonly #changes: () => ModeChanges;
  readonly #streams: readonly RngStream[];
  /** Streams for layers that have none. */
  readonly #lent: readonly ModeWrite[];

  constructor(model: object, { deterministic }: { deterministic: boolean }) {
    this.#model = model;
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

  /** Runs `f` with the modes and streams set, and restores the model afterwards, even after an error. */
  during<R>(f: () => R): R {
    const restore: (() => void)[] = [];
    try {
      restore.push(restorerOf(this.#model));
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

/** A function that gives the Variables of a model what they have now. */
function restorerOf(model: object): () => void {
  const variables = [...iterNodes(model)].flatMap(([, node]) =>
    node instanceof Variable && !node.isDisposed ? [node] : [],
  );
  const leaves = variables.map((variable) => variable.toState());
  const lease = hold(
    leaves.map(({ value }) => value),
    "lent",
  );
  return () => {
    for (const [i, variable] of variables.entries()) variable.takeState(leaves[i] as (typeof leaves)[number]);
    lease.release();
  };
}
