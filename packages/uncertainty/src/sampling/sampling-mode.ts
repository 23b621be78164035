/** @file A model with its modes and streams set for one thing, and back as they were. */
import { BaseModule, iterNodes } from "@nnxjs/nnx-core";
import { Dropout } from "@nnxjs/layers";
import { foldIn, type PRNGKey } from "@nnxjs/rnglib/keys";
import { RngStream } from "@nnxjs/rnglib";

/** One attribute and what it is to be meanwhile. */
interface Setting {
  readonly module: object;
  readonly name: string;
  readonly value: unknown;
}

/**
 * The modes and streams of a model. While it is entered, stochastic layers draw masks (or none do), normalisation uses its running
 * averages, masks are shared by all rows of a pass, and layers without a stream have one.
 */
export class SamplingMode {
  readonly #settings: readonly Setting[];
  readonly #streams: readonly RngStream[];

  constructor(model: object, { deterministic }: { deterministic: boolean }) {
    const settings: Setting[] = [];
    const streams: RngStream[] = [];
    for (const [, node] of iterNodes(model)) {
      if (node instanceof RngStream) streams.push(node);
      if (!(node instanceof BaseModule)) continue;
      const set = (name: string, value: unknown) => settings.push({ module: node, name, value });
      if ("useRunningAverage" in node) set("useRunningAverage", true);
      if (!("deterministic" in node)) continue;
      set("deterministic", deterministic);
      if (deterministic) continue;
      // One pass is one function: what it says of a row must not depend on the rows beside it.
      if ("masks" in node) set("masks", "batch");
      if (node instanceof Dropout) set("broadcastDims", [...new Set([0, ...node.broadcastDims])]);
      if ("rngs" in node && node.rngs === null) {
        const stream = new RngStream(0, { tag: "sample" });
        streams.push(stream);
        set("rngs", stream);
      }
    }
    this.#settings = settings;
    this.#streams = streams;
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
      for (const { module, name, value } of this.#settings) {
        const before: unknown = Reflect.get(module, name);
        restore.push(() => Reflect.set(module, name, before));
        Reflect.set(module, name, value);
      }
      return f();
    } finally {
      for (const undo of restore.reverse()) undo();
    }
  }

  /** Starts every stream anew from a key, each from another one: what is drawn next depends on nothing else. */
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
