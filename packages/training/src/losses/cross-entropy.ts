/**
 * @file The cross entropy of the softmax of logits, with labels that are probabilities: how it and
 * its gradient are computed.
 */
import { customVjp, type CustomVjpFunction, stopGradient } from "@nnxjs/nnx-core";
import {
  expandDims,
  isRecording,
  mul,
  neg,
  notEqual,
  reshape,
  scalar,
  sub,
  sum,
  type Tensor,
  where as select,
} from "@nnxjs/kernels/internal";
import { logSoftmax, softmax } from "@nnxjs/layers";
import { entropyOfRows, entropyOfRowsBack, type FusedEntropy } from "./fused-rows.ts";

type Entropy = CustomVjpFunction<[logits: Tensor, labels: Tensor], Tensor>;

/** Of single ops. */
function composed(logits: Tensor, labels: Tensor, skipZeros: boolean): Tensor {
  const terms = mul(labels, logSoftmax(logits));
  return neg(sum(skipZeros ? select(notEqual(labels, 0), terms, scalar(0)) : terms, -1));
}

/** The gradients of single ops, which can be differentiated in turn. */
function composedBack(logits: Tensor, labels: Tensor, dy: Tensor): [Tensor, Tensor] {
  const slope = expandDims(dy, -1);
  const total = mul(sum(labels, -1, true), slope);
  return [sub(mul(softmax(logits), total), mul(labels, slope)), neg(mul(slope, logSoftmax(logits)))];
}

/** Logits and labels `[rows, classes]` to losses `[rows]`. */
function entropyWith(skipZeros: boolean): Entropy {
  const run = (logits: Tensor, labels: Tensor, forGradient: boolean): FusedEntropy =>
    entropyOfRows(logits, labels, { skipZeros, forGradient }) ?? [composed(logits, labels, skipZeros)];
  const entropy = customVjp((logits: Tensor, labels: Tensor) => run(logits, labels, false)[0]);
  entropy.defvjp(
    (logits, labels) => {
      // The rule below is the derivative, and takes it from logits and labels.
      const [losses, powers, ofRows] = run(stopGradient(logits), stopGradient(labels), true);
      return [losses, { logits, labels, powers, ofRows }] as const;
    },
    ({ logits, labels, powers, ofRows }, dy) => {
      // A gradient that is differentiated must be on the tape.
      const isFused = powers && ofRows && !isRecording();
      const fused = isFused && entropyOfRowsBack([logits, labels, powers, ofRows], dy);
      return fused || composedBack(logits, labels, dy);
    },
  );
  return entropy;
}

const entropy = entropyWith(false);
const safeEntropy = entropyWith(true);

/** Float32 logits and labels of one shape `[..., classes]` to losses `[...]`. */
export function crossEntropyOfRows(logits: Tensor, labels: Tensor, skipZeros: boolean): Tensor {
  const classes = logits.shape.at(-1) as number;
  const kept = logits.shape.slice(0, -1);
  const rows = [kept.reduce((count, size) => count * size, 1), classes];
  const losses = (skipZeros ? safeEntropy : entropy)(reshape(logits, rows), reshape(labels, rows));
  return reshape(losses, kept);
}
