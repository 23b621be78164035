/** @file The forward probabilities of CTC, made of ops of whole batches. */
import { stopGradient } from "@nnxjs/nnx-core";
import {
  abs,
  add,
  broadcastTo,
  cast,
  concat,
  equal,
  exp,
  greaterEqual,
  less,
  log,
  logicalAnd,
  maximum,
  mul,
  neg,
  ones,
  pad,
  reshape,
  scalar,
  slice,
  squeeze,
  stack,
  sub,
  sum,
  type Tensor,
  tensorOf,
  unstack,
  where as select,
} from "@nnxjs/kernels/internal";
import { logSoftmax, takeAlongAxis } from "@nnxjs/layers";
import type { CtcSizes } from "./ctc-loop.ts";

/** The arguments of the loss, as they were checked. */
export interface CtcTensors {
  readonly logits: Tensor;
  readonly framePaddings: Tensor;
  readonly labels: Tensor;
  readonly labelPaddings: Tensor;
}

/** `log(e^a + e^b)`; at a tie each has half of the gradient, and where both are -Infinity, none. */
function logAddExp(a: Tensor, b: Tensor): Tensor {
  const larger = stopGradient(maximum(a, b));
  const shift = select(less(abs(larger), Number.POSITIVE_INFINITY), larger, scalar(0));
  const total = add(exp(sub(a, shift)), exp(sub(b, shift)));
  const isNothing = equal(total, 0);
  return select(
    isNothing,
    scalar(Number.NEGATIVE_INFINITY),
    add(log(select(isNothing, scalar(1), total)), shift),
  );
}

/** `between` with the states on labels joined to those after them. */
const join = (between: Tensor, added: Tensor): Tensor => {
  const [batch, labels] = added.shape as [number, number];
  const later = slice(between, [0, 1], [batch, labels]);
  return concat([slice(between, [0, 0], [batch, 1]), logAddExp(later, added)], 1);
};

/** `[batch, frames, labels]`: 0 for labels that are no classes, as of one-hot rows of zeros. */
function sharesOfLabels(logShares: Tensor, labels: Tensor): Tensor {
  const [batch, frames, classes] = logShares.shape as [number, number, number];
  const [, maxLabels] = labels.shape as [number, number];
  const isClass = logicalAnd(
    greaterEqual(labels, scalar(0, "int32")),
    less(labels, scalar(classes, "int32")),
  );
  const shape = [batch, frames, maxLabels];
  const wide = (x: Tensor): Tensor => broadcastTo(reshape(x, [batch, 1, maxLabels]), shape);
  const positions = wide(select(isClass, labels, scalar(0, "int32")));
  return select(wide(isClass), takeAlongAxis(logShares, positions, 2), scalar(0));
}

/** Losses `[batch]`, and forward probabilities `[frames, batch, labels + 1]` and `[frames, batch, labels]`. */
export function ctcOps(
  { logits, framePaddings, labels, labelPaddings }: CtcTensors,
  { batch, frames, maxLabels, blankId, logEpsilon }: CtcSizes,
): [losses: Tensor, blanks: Tensor, emits: Tensor] {
  const isPadded = broadcastTo(reshape(cast(framePaddings, "bool"), [batch, frames, 1]), logits.shape);
  const logShares = logSoftmax(select(isPadded, scalar(0), logits));
  const ofBlanks = unstack(slice(logShares, [0, 0, blankId], [batch, frames, 1]), 1);
  const ofLabels = unstack(sharesOfLabels(logShares, labels), 1);
  const isRepeated = pad(
    cast(
      equal(slice(labels, [0, 0], [batch, maxLabels - 1]), slice(labels, [0, 1], [batch, maxLabels - 1])),
      "float32",
    ),
    [
      [0, 0],
      [0, 1],
    ],
  );
  const forbidden = mul(isRepeated, logEpsilon);
  const needless = mul(sub(1, isRepeated), logEpsilon);
  let between = tensorOf(
    Array.from({ length: batch * (maxLabels + 1) }, (_, i) => (i % (maxLabels + 1) === 0 ? 0 : logEpsilon)),
    [batch, maxLabels + 1],
    "float32",
  );
  let on = mul(ones([batch, maxLabels]), logEpsilon);
  const blanks: Tensor[] = [];
  const emits: Tensor[] = [];
  unstack(cast(framePaddings, "bool"), 1).forEach((padded, t) => {
    const ofBlank = ofBlanks[t] as Tensor;
    const joined = join(between, add(on, forbidden));
    const next = join(add(joined, ofBlank), add(add(on, ofBlank), needless));
    const emitted = add(logAddExp(slice(joined, [0, 0], [batch, maxLabels]), on), ofLabels[t] as Tensor);
    const stays = reshape(padded, [batch, 1]);
    between = select(broadcastTo(stays, between.shape), between, next);
    on = select(broadcastTo(stays, on.shape), on, emitted);
    blanks.push(between);
    emits.push(on);
  });
  const last = join(between, on);
  const lengths = cast(sub(maxLabels, sum(labelPaddings, 1)), "int32");
  const losses = neg(squeeze(takeAlongAxis(last, reshape(lengths, [batch, 1]), 1), [1]));
  return [losses, stack([...blanks.slice(0, -1), last]), stack(emits)];
}
