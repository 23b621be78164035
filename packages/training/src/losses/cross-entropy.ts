/** @file The cross entropy of the softmax of logits, with labels that are probabilities. */
import {
  entropyOf,
  greater,
  logicalOr,
  mul,
  neg,
  notEqual,
  reshape,
  scalar,
  sum,
  type Tensor,
  where as select,
} from "@nnxjs/kernels/internal";
import { logSoftmax } from "@nnxjs/layers";

/** Of single ops. */
function composed(logits: Tensor, labels: Tensor, skipZeros: boolean): Tensor {
  const logs = logSoftmax(logits);
  // What is skipped is chosen before the product: labels of 0 have a gradient where there is one.
  const counted = skipZeros
    ? select(logicalOr(notEqual(labels, 0), greater(logs, -Infinity)), logs, scalar(0))
    : logs;
  return neg(sum(mul(labels, counted), -1));
}

/** Float32 logits and labels of one shape `[..., classes]` to losses `[...]`. */
export function crossEntropyOfRows(logits: Tensor, labels: Tensor, skipZeros: boolean): Tensor {
  const classes = logits.shape.at(-1) as number;
  const kept = logits.shape.slice(0, -1);
  const rows = [kept.reduce((count, size) => count * size, 1), classes];
  const [x, y] = [reshape(logits, rows), reshape(labels, rows)];
  return reshape(entropyOf(x, y, skipZeros) ?? composed(x, y, skipZeros), kept);
}
