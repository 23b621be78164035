/** @file Flax's parameters of each gate, side by side. */
import { weights } from "../../peers/numbers.ts";
import { type GATES, INPUT, UNITS } from "./shared.ts";

/** Matrices of equal height, beside each other. */
function beside(matrices: readonly Float32Array[], rows: number): Float32Array {
  const width = UNITS * matrices.length;
  const out = new Float32Array(rows * width);
  for (const [i, matrix] of matrices.entries())
    for (let row = 0; row < rows; row++)
      out.set(matrix.subarray(row * UNITS, (row + 1) * UNITS), row * width + i * UNITS);
  return out;
}

/** Kernels `[features, 4 · units]` and `[units, 4 · units]` and the bias, in an order of gates. */
export function joined(
  order: readonly (typeof GATES)[number][],
): Record<"input" | "hidden" | "bias", Float32Array> {
  const features = INPUT[2];
  const of = (name: (gate: string) => string, shape: readonly number[]): Float32Array[] =>
    order.map((gate) => weights(`cell.${name(gate)}`, shape));
  return {
    input: beside(
      of((gate) => `${gate === "f" ? "if_" : `i${gate}`}.kernel`, [features, UNITS]),
      features,
    ),
    hidden: beside(
      of((gate) => `h${gate}.kernel`, [UNITS, UNITS]),
      UNITS,
    ),
    bias: beside(
      of((gate) => `h${gate}.bias`, [UNITS]),
      1,
    ),
  };
}
