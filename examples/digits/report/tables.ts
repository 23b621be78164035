/** @file Tables of the model's parameters, and of activations and gradients. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import Table from "cli-table3";

const FLOAT_BYTES = 4;
/** Without colours, because the output often goes to files. */
const PLAIN = { head: [], border: [], compact: true };

/** Lists every parameter with its size, and the sums. */
export function modelTable(model: nnx.Module): string {
  const table = new Table({ head: ["path", "type", "shape", "parameters", "bytes"], style: PLAIN });
  let total = 0;
  for (const [path, leaf] of nnx.flattenState(nnx.state(model, nnx.Param))) {
    if (!nnx.isVariableState(leaf)) continue;
    const { shape, size } = leaf.value as tf.Tensor;
    table.push([path.join("."), leaf.type.typeName, `[${shape.join(", ")}]`, size, size * FLOAT_BYTES]);
    total += size;
  }
  table.push(["in all", "", "", total, total * FLOAT_BYTES]);
  return table.toString();
}

/** Mean, standard deviation and range. */
function statistics(values: tf.Tensor): string[] {
  return tf.tidy(() => {
    const { mean, variance } = tf.moments(values);
    const figures = [mean, tf.sqrt(variance), tf.min(values), tf.max(values)];
    return figures.map((figure) => (figure.dataSync()[0] as number).toExponential(2));
  });
}

/** Lists the output of each layer, and the gradient of that output. */
export function captureTable(activations: nnx.State, gradients: nnx.State): string {
  const table = new Table({ head: ["layer", "", "mean", "sd", "min", "max"], style: PLAIN });
  for (const [path, leaf] of nnx.flattenState(activations)) {
    const name = path.join(".");
    const gradient = gradients[name];
    if (!nnx.isVariableState(leaf) || !nnx.isVariableState(gradient)) continue;
    const [values] = leaf.value as readonly tf.Tensor[];
    if (values) table.push([name, "activation", ...statistics(values)]);
    table.push(["", "gradient", ...statistics(gradient.value as tf.Tensor)]);
  }
  return table.toString();
}
