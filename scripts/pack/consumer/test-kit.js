// A model is held to all laws, by the kit as users install it.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { Linear, random } from "@nnxjs/nnx";
import { checkModel, LawError } from "@nnxjs/testing";

const inputs = (key, batch) => random.normal(key, [batch, 3]);
const make = (rngs) => new Linear(3, 2, { rngs });
await checkModel(make, (linear, x) => linear.forward(x), { inputs, numRuns: 1 });
const error = await checkModel(make, (_, x) => tf.mul(x, Math.random()), { inputs, numRuns: 1 }).catch(
  (e) => e,
);
console.log(error instanceof LawError ? "all laws" : String(error));
