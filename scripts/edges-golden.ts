/** @file JAX's values at the edges of float32 and int32, as `conformance/edges_kernels.py` writes them. */
import { readGolden } from "./golden.ts";

/** What is not finite, and -0, stands as text. */
export type Values = readonly (number | string)[];
type Group = Readonly<Record<string, Values>>;
interface Golden {
  readonly floats: Values;
  readonly integers: readonly number[];
  readonly powers: readonly number[];
  readonly rows: Values;
  readonly masked: Values;
  readonly large: Values;
  readonly ofFloats: Group;
  readonly ofFloatPairs: Group;
  readonly floors: Values;
  readonly ofIntegers: Readonly<Record<string, readonly number[]>>;
  readonly ofIntegerPairs: Readonly<Record<string, readonly number[]>>;
  readonly floorDiv: readonly number[];
  readonly integerPowers: readonly number[];
  readonly addBools: readonly number[];
  readonly ofRows: Group & Readonly<Record<"argMax" | "argMin" | "largest" | "places", Values>>;
  readonly ofMasked: Group;
  readonly norms: readonly {
    readonly layer: "LayerNorm" | "RMSNorm" | "GroupNorm" | "BatchNorm";
    readonly fast: boolean;
    readonly y: Values;
  }[];
}
export const golden: Golden = readGolden<Golden>("edges-kernels");

const texts: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  "-inf": -Infinity,
  "-0.0": -0,
};
export const numbers = (values: Values): number[] =>
  values.map((v) => (typeof v === "number" ? v : texts[v]!));

/** All pairs, the first number changing fastest. */
export const pairsOf = (
  first: readonly number[],
  second: readonly number[],
): [first: number[], second: number[]] => [
  second.flatMap(() => first),
  second.flatMap((b) => first.map(() => b)),
];
