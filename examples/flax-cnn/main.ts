/**
 * @file A Flax tutorial's kind of network, in TypeScript; docs/flax-cnn.md explains it.
 *
 *     node scripts/run.mjs examples/flax-cnn/main.ts
 */
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { train } from "./train.ts";

await tf.setBackend("wasm");
await train(4, (epoch, accuracy) =>
  console.log(`epoch ${epoch}: ${(100 * accuracy).toFixed(1)} % of the held-out digits are right`),
);
