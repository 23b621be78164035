/** @file The notation of `tf.einsum`: one letter for each axis, and an arrow. */
import { util } from "@tensorflow/tfjs-core";

/** The letters of each input and of the output of an equation such as `"ij,jk->ik"`. */
export function parseEquation(equation: string): {
  inputs: readonly (readonly string[])[];
  output: readonly string[];
} {
  const [left = "", output = ""] = equation.replace(/\s/g, "").split("->");
  return { inputs: left.split(",").map((letters) => letters.split("")), output: output.split("") };
}

/** The size of each letter. */
export function letterSizes(
  inputs: readonly (readonly string[])[],
  shapes: readonly (readonly number[])[],
): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach((letters, i) => {
    letters.forEach((letter, axis) => {
      const size = shapes[i]![axis]!;
      const known = sizes.get(letter) ?? size;
      util.assert(
        known === size,
        () => `einsum: expected one size of "${letter}", got ${known} and ${size}.`,
      );
      sizes.set(letter, size);
    });
  });
  return sizes;
}
