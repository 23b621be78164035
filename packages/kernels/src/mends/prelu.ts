/** @file `tf.prelu` and `tf.elu` on wasm. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { filled, free, loop } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { eachElement } from "../wasm/elementwise.ts";
import { pairwise } from "../wasm/pairs.ts";
import { pairsModule } from "../wasm/pairs.generated.ts";
import { plainModule } from "../wasm/plain.generated.ts";
import { type Mend, mend, scoped } from "../mend.ts";

const prelu: Mend = mend<"x" | "alpha">("Prelu", ["wasm"], ({ inputs: { x, alpha }, backend }) => {
  if (sizeOf(x.shape) === 0) return filled(backend, { shape: x.shape, dtype: "float32" }, 0);
  const made = pairwise(backend, pairsModule, "prelu", x, alpha);
  if (made) return made;
  return scoped(() => {
    // The engine passes tensors, although the types promise only what a backend needs of them.
    const [values, slopes] = [x as Tensor, alpha as Tensor];
    return tf.where(tf.less(values, 0), tf.mul(values, slopes), values);
  });
});

const elu: Mend = mend<"x">("Elu", ["wasm"], ({ inputs: { x }, backend, stock }) => {
  const y = stock();
  if (sizeOf(x.shape) === 0) return y;
  const signed =
    eachElement(backend, plainModule, "signed", [y, x]) ??
    loop(backend, [y, x], { shape: x.shape, dtype: "float32" }, ([results, values], out) => {
      for (let i = 0; i < out.length; i++) out[i] = values![i] === 0 ? values![i]! : results![i]!;
    });
  free(backend, y);
  return signed;
});

/** Replacements of activations that treat numbers below 0 in another way. */
export const slopeMends: readonly Mend[] = [prelu, elu];
