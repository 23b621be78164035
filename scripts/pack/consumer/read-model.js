/**
 * @file Restores the model of write-model.js, runs it, trains it for one step, and prints the
 * results.
 */
import "@tensorflow/tfjs-backend-cpu";
import { readFileSync } from "node:fs";
import * as nnx from "@nnxjs/nnx";
import { registeredNames } from "@nnxjs/nnx-core/internal";
import * as tf from "@tensorflow/tfjs-core";

const read = ({ key, number, shape, data }) => {
  if (key !== undefined) return nnx.random.wrapKeyData(Uint32Array.from(key));
  return number ?? tf.tensor(data, shape);
};

const { graphdef, leaves } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const state = nnx.unflattenState(
  leaves.map(({ path, type, value, metadata }) => [
    path,
    { type: nnx.variableTypeFromName(type), value: read(value), metadata },
  ]),
);
const model = nnx.merge(nnx.graphDefFromJson(graphdef), state);
const optimizer = new nnx.Optimizer(model, nnx.adam(0.01), { wrt: nnx.Param });
const x = tf.reshape(tf.linspace(-1, 1, 8), [2, 4]);

const values = [];
for (let step = 0; step < 2; step++) {
  const loss = nnx.valueAndGrad((m) => tf.neg(tf.mean(m.forward(x))));
  const [value, gradients] = loss(model);
  optimizer.update(model, gradients);
  values.push(...value.dataSync());
}
model.eval();
values.push(...model.forward(x).dataSync());
console.log(JSON.stringify({ names: registeredNames(), outline: String(model), values }));
