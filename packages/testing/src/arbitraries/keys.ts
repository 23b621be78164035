/** @file Arbitraries of seeds, keys and streams. */
import { type PRNGKey, random, Rngs } from "@nnxjs/rnglib";
import fc from "fast-check";
import { withCode } from "./code.ts";

/**
 * Seeds: integers from 0 to 2^32 - 1. They shrink to 0.
 * @example
 * ```ts
 * import fc from "fast-check";
 * import { seeds } from "@nnxjs/testing";
 *
 * fc.assert(fc.property(seeds(), (seed) => seed >= 0));
 * ```
 */
export const seeds = (): fc.Arbitrary<number> => fc.integer({ min: 0, max: 0xffffffff });

/** Which keys {@link keys} makes. */
export interface KeysOptions {
  /** How many folds and splits a key may lie from its seed. @defaultValue 4 */
  readonly maxDepth?: number;
  /** The shape of the keys: `[3]` for three keys in one. @defaultValue [] */
  readonly shape?: readonly number[];
}

type Step =
  | { readonly kind: "fold"; readonly data: number }
  | { readonly kind: "split"; readonly index: number };

/** As many parts as the splits of {@link keys} have. */
const PARTS = 3;

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("fold" as const), data: seeds() }),
  fc.record({ kind: fc.constant("split" as const), index: fc.nat({ max: PARTS - 1 }) }),
);

function keyOf(seed: number, chain: readonly Step[], shape: readonly number[]): PRNGKey {
  let key: PRNGKey = random.key(seed);
  let code = `random.key(${seed})`;
  for (const step of chain) {
    if (step.kind === "fold") key = random.foldIn(key, step.data);
    else key = random.split(key, PARTS).at(step.index);
    code =
      step.kind === "fold"
        ? `random.foldIn(${code}, ${step.data})`
        : `random.split(${code}, ${PARTS}).at(${step.index})`;
  }
  if (shape.length === 0) return withCode(key, code);
  return withCode(random.split(key, [...shape]), `random.split(${code}, [${shape.join(", ")}])`);
}

/**
 * Keys, some of them deep in a chain of folds and splits. They shrink to `random.key(0)`.
 * @example
 * ```ts
 * import fc from "fast-check";
 * import { keys } from "@nnxjs/testing";
 *
 * fc.assert(fc.property(keys({ shape: [2] }), (key) => !key.at(0).equals(key.at(1))));
 * ```
 */
export const keys = ({ maxDepth = 4, shape = [] }: KeysOptions = {}): fc.Arbitrary<PRNGKey> =>
  fc
    .tuple(seeds(), fc.array(steps, { maxLength: maxDepth }))
    .map(([seed, chain]) => keyOf(seed, chain, shape));

/** Which streams {@link rngs} makes. */
export interface RngsOptions {
  /** The names of streams that may be there beside the default one. @defaultValue ["params", "dropout"] */
  readonly streams?: readonly string[];
}

/**
 * `Rngs` with a default stream, and some of the named ones. They shrink to `new nnx.Rngs(0)`.
 * @example
 * ```ts
 * import fc from "fast-check";
 * import { rngs } from "@nnxjs/testing";
 *
 * fc.assert(fc.property(rngs(), (streams) => streams.has("default")));
 * ```
 */
export const rngs = ({ streams = ["params", "dropout"] }: RngsOptions = {}): fc.Arbitrary<Rngs> =>
  fc
    .tuple(
      seeds(),
      fc.uniqueArray(fc.tuple(fc.constantFrom(...streams), seeds()), { selector: ([name]) => name }),
    )
    .map(([seed, named]) => {
      const code = named.map(([name, each]) => `${JSON.stringify(name)}: ${each}`).join(", ");
      return withCode(
        new Rngs(seed, Object.fromEntries(named)),
        `new nnx.Rngs(${seed}${named.length > 0 ? `, { ${code} }` : ""})`,
      );
    });
