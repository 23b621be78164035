/**
 * @file Files that went wrong: each gives the exact bytes or is refused, and changes nothing then.
 * `NNX_FUZZ=10000` tries so many.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { bitsOf, Everything } from "../test/everything.ts";
import { mutated, randomFrom } from "../test/mutate.ts";
import { fromBytes, restore, toBytes } from "./index.ts";

const count = Number(process.env.NNX_FUZZ ?? 1_500);

describe(`${count} files that went wrong`, () => {
  it("give the exact values or are refused with an NnxError, change nothing, and leave nothing", async () => {
    const saved = new Everything(1);
    const target = new Everything(2);
    const bytes = await toBytes(saved, { metadata: { note: "ü" } });
    const [right, before] = [bitsOf(saved), bitsOf(target)];
    const start = nnx.state(target);
    const tensors = tf.memory().numTensors;
    let refused = 0;
    for (let seed = 0; seed < count; seed++) {
      const file = mutated(bytes, randomFrom(seed));
      try {
        await restore(target, file);
      } catch (error) {
        if (!(error instanceof nnx.NnxError))
          throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
        refused++;
        expect({ seed, bits: bitsOf(target) }).toEqual({ seed, bits: before });
        expect({ seed, tensors: tf.memory().numTensors }).toEqual({ seed, tensors });
        continue;
      }
      expect({ seed, bits: bitsOf(target) }).toEqual({ seed, bits: right });
      const { bare } = target;
      nnx.update(target, start);
      bare.dispose();
    }
    // Some of the changes are none: bytes put back, spaces.
    expect(refused).toBeGreaterThan(0.9 * count);
    nnx.dispose([saved, target, start]);
  }, 600_000);

  it("are refused as States too", async () => {
    const model = { a: new nnx.Param(tf.tensor1d([1, 2, 3])), n: new nnx.Variable(5) };
    const bytes = await toBytes(model);
    const right = bitsOf(model);
    const tensors = tf.memory().numTensors;
    for (let seed = 0; seed < count / 3; seed++) {
      try {
        const state = await fromBytes(mutated(bytes, randomFrom(seed)));
        expect({ seed, bits: bitsOf(state) }).toEqual({ seed, bits: right });
        nnx.dispose(state);
      } catch (error) {
        if (!(error instanceof nnx.NnxError))
          throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
      expect({ seed, tensors: tf.memory().numTensors }).toEqual({ seed, tensors });
    }
    nnx.dispose(model);
  }, 600_000);
});
