/** @file The shape of a result: the keys' own shape, then what was asked for. */
import type { PRNGKey } from "../keys/index.ts";

export const shapeFor = (key: PRNGKey, shape: readonly number[]): readonly number[] => [
  ...key.shape,
  ...shape,
];
