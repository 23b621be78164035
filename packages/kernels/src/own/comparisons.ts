/** @file Comparisons that tensorflow.js does not have. Each is one loop where it needs several. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, Tensor } from "@tensorflow/tfjs-core";
import { eachRow, fold } from "../fold.ts";
import { loop } from "../memory/access.ts";
import { pairsModule } from "../wasm/pairs.generated.ts";
import { pairwise } from "../wasm/pairs.ts";
import { onBoth, runOwn } from "./own-kernel.ts";
import { ownKernelNames } from "../own-kernel-names.ts";

/** `+(x > 0)`, computed without a branch: random signs would make a branch ten times as slow. */
const positive = (): readonly KernelConfig[] =>
  onBoth(ownKernelNames.positive, (backend, { x }) =>
    loop(backend, [x!], { shape: x!.shape, dtype: "bool" }, ([values], out) => {
      for (let i = 0; i < out.length; i++) out[i] = +(values![i]! > 0);
    }),
  );

const notNegative = (): readonly KernelConfig[] =>
  onBoth(ownKernelNames.notNegative, (backend, { x }) =>
    loop(backend, [x!], { shape: x!.shape, dtype: "bool" }, ([values], out) => {
      for (let i = 0; i < out.length; i++) out[i] = +(values![i]! >= 0);
    }),
  );

const above = (): readonly KernelConfig[] =>
  onBoth(ownKernelNames.above, (backend, { a, b }) => {
    const quick = pairwise(backend, pairsModule, "above", a!, b!);
    if (quick) return quick;
    const shape = tf.backend_util.assertAndGetBroadcastShape(a!.shape, b!.shape);
    const folded = fold(a!.shape, b!.shape);
    return loop(backend, [a!, b!], { shape, dtype: "float32" }, ([x, y], out) => {
      if (out.length === 0) return;
      eachRow(folded, (fromA, fromB, to, length, stepA, stepB) => {
        for (let i = 0; i < length; i++) {
          const [p, q] = [x![fromA + i * stepA]!, y![fromB + i * stepB]!];
          out[to + i] = (+(p > q) + +(p >= q)) / 2;
        }
      });
    });
  });

/** The kernels to register on cpu and wasm. */
export const comparisonKernels = (): readonly KernelConfig[] => [...positive(), ...notNegative(), ...above()];

/** True where x > 0, and false at NaN. */
export const positiveOf = (x: Tensor): Tensor | undefined => runOwn(ownKernelNames.positive, { x });

/** True where x >= 0, and false at NaN. */
export const notNegativeOf = (x: Tensor): Tensor | undefined => runOwn(ownKernelNames.notNegative, { x });

/**
 * 1 where a > b, 1/2 where they are equal, 0 elsewhere and at NaN; float32 in the broadcast shape.
 */
export const aboveOf = (a: Tensor, b: Tensor): Tensor | undefined => runOwn(ownKernelNames.above, { a, b });
