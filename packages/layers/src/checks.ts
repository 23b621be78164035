/** @file Errors that layers have in common. */
import { describe, NnxError } from "@nnxjs/nnx-core";
import { isTensor, type Tensor } from "./tensor.ts";

/** @throws NnxError unless it is an integer from 1. */
export function checkSize(where: string, name: string, size: unknown): void {
  if (Number.isInteger(size) && (size as number) > 0) return;
  throw new NnxError(`${where}: expected ${name} to be a positive integer, got ${describe(size)}.`);
}

/** @throws NnxError unless all are integers from 1. */
export function checkSizes(where: string, name: string, sizes: readonly number[]): void {
  for (const size of sizes) checkSize(where, `every size in ${name}`, size);
}

/** `[2, 3]` */
export const shapeText = (shape: readonly (number | string)[]): string => `[${shape.join(", ")}]`;

/** @throws NnxError unless the last axis has this size. */
export function checkFeatures(where: string, x: Tensor, features: number): void {
  if (isTensor(x) && x.shape.at(-1) === features) return;
  throw new NnxError(
    `${where}: expected an input of shape [..., ${features}], got ${describe(x)}. ` +
      "Check which axis holds the features: it must be the last.",
  );
}
