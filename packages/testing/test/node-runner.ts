/** @file A test as users of Node's own runner write it: `node --test`. */
import "@tensorflow/tfjs-backend-cpu";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Dropout, Linear, random, type Rngs } from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { assertEqual, checkRngDeterminism, LawError } from "../src/index.ts";

const inputs = (key: random.PRNGKey, batch: number): tf.Tensor => random.normal(key, [batch, 3]);

void test("a layer holds", async () => {
  await checkRngDeterminism(
    (rngs) => new Linear(3, 2, { rngs }),
    (linear, x) => linear.forward(x),
    { inputs, streams: [] },
  );
});

void test("a fault is caught", async () => {
  const make = (rngs: Rngs): Dropout => new Dropout(0.5, { rngs });
  const noisy = (_: Dropout, x?: tf.Tensor): tf.Tensor => tf.add(x!, Math.random());
  await assert.rejects(checkRngDeterminism(make, noisy, { inputs }), LawError);
});

void test("values are equal", async () => {
  await assertEqual({ a: tf.ones([2]) }, { a: tf.ones([2]) });
  await assert.rejects(
    assertEqual({ a: tf.ones([2]) }, { a: tf.zeros([2]) }),
    /a: expected 0 at \[0\], got 1/,
  );
});
