import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type GoldenNumber, readGolden, toNumber, ulpDistance } from "../../../../conformance/compare.ts";
import { type Initializer, initializers, type PRNGKey, random } from "../index.ts";

interface GoldenArray {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly data: readonly GoldenNumber[];
}
interface Case {
  readonly space: "random" | "initializers";
  readonly name: string;
  readonly seed: number;
  readonly keys: number | null;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly value: GoldenArray;
}
const { cases } = readGolden<{ cases: readonly Case[] }>("random-cases");
const { cases: edges } = readGolden<{ cases: readonly Case[] }>("edges-random");

/**
 * How far values may be from JAX's: in float32 steps, or relative to the value (or to 1, where
 * terms cancel).
 */
type Tolerance = { readonly ulp: number } | { readonly relative: number; readonly absolute?: number };

const rejection: Tolerance = { relative: 1e-5 };
const cancelling: Tolerance = { relative: 1e-5, absolute: 1e-6 };
const tolerances: Readonly<Record<string, Tolerance>> = {
  "random.normal": { ulp: 4 },
  "random.truncatedNormal": { ulp: 4 },
  "random.cauchy": { ulp: 2 },
  "random.maxwell": { ulp: 4 },
  "random.weibullMin": { ulp: 4 },
  "random.ball": rejection,
  "random.beta": rejection,
  "random.chisquare": rejection,
  "random.dirichlet": rejection,
  "random.f": rejection,
  "random.gamma": rejection,
  "random.generalizedNormal": rejection,
  "random.t": rejection,
  "random.loggamma": cancelling,
  "random.doubleSidedMaxwell": cancelling,
  "random.multivariateNormal": cancelling,
  "random.orthogonal": cancelling,
  "initializers.orthogonal": cancelling,
  "initializers.deltaOrthogonal": cancelling,
};
const toleranceOf = ({ space, name }: Case): Tolerance =>
  tolerances[`${space}.${name}`] ?? { ulp: space === "initializers" ? 4 : 0 };

const isArray = (x: unknown): x is GoldenArray => typeof x === "object" && x !== null && "data" in x;

function decoded(x: unknown): unknown {
  if (x === null) return undefined;
  if (Array.isArray(x)) return x.map(decoded);
  if (isArray(x)) return tf.tensor(x.data.map(toNumber), [...x.shape], x.dtype);
  if (x === "nan" || x === "inf" || x === "-inf") return toNumber(x);
  if (typeof x === "object")
    return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, decoded(value)]));
  return x;
}

function draw({ space, name, seed, keys, args, options }: Case): Tensor {
  const single = random.key(seed);
  const key = keys === null ? single : random.split(single, keys);
  // The golden file names the function and its arguments. Their types are checked where the
  // function uses them.
  if (space === "initializers") {
    const factory = Reflect.get(initializers, name) as (...args: unknown[]) => Initializer;
    const init = factory(...((decoded(options.factory) ?? []) as unknown[]));
    return init(key, args[0] as number[]);
  }
  const sampler = Reflect.get(random, name) as (key: PRNGKey, ...rest: unknown[]) => Tensor;
  const given = args.map(decoded);
  return Object.keys(options).length === 0
    ? sampler(key, ...given)
    : sampler(key, ...given, decoded(options));
}

function isWithin(tolerance: Tolerance, actual: number, expected: number): boolean {
  if ("ulp" in tolerance) return ulpDistance(actual, expected) <= tolerance.ulp;
  if (Number.isNaN(expected) || !Number.isFinite(expected)) return Object.is(actual, expected);
  const allowed = Math.max(tolerance.relative * Math.abs(expected), tolerance.absolute ?? 0);
  return Math.abs(actual - expected) <= allowed;
}

function byNameIn(list: readonly Case[]): Map<string, Case[]> {
  const groups = new Map<string, Case[]>();
  for (const each of list) {
    const name = `${each.space}.${each.name}`;
    groups.set(name, [...(groups.get(name) ?? []), each]);
  }
  return groups;
}
const byName = byNameIn(cases);

function expectValues(group: readonly Case[]): void {
  for (const each of group) {
    const result = draw(each);
    const said = JSON.stringify({ ...each, value: undefined });
    expect(result.shape, said).toEqual(each.value.shape);
    expect(result.dtype, said).toBe(each.value.dtype);
    const values = result.dataSync();
    each.value.data.forEach((expected, i) => {
      const near = isWithin(toleranceOf(each), values[i]!, toNumber(expected));
      expect(near, `at ${i}: ${values[i]} against JAX's ${expected} in ${said}`).toBe(true);
    });
  }
}

describe("random cases of JAX", () => {
  it.each([...byName])("%s gives JAX's values", (_name, group) => expectValues(group));

  it.each([...byNameIn(edges)])(
    "%s gives JAX's values for parameters that are repeated, single or extreme",
    (_name, group) => expectValues(group),
  );

  it("covers every sampler and every initializer that draws", () => {
    const notDrawing = ["key", "keyData", "wrapKeyData", "split", "foldIn", "clone", "PRNGKey", "bits"];
    const samplers = Object.keys(random).filter((name) => !notDrawing.includes(name));
    expect(samplers.filter((name) => !byName.has(`random.${name}`))).toEqual([]);
    const plain = [
      "constant",
      "zeros",
      "ones",
      "zerosInit",
      "onesInit",
      "normal",
      "uniform",
      "truncatedNormal",
    ];
    const drawing = Object.keys(initializers).filter((name) => !plain.includes(name));
    expect(drawing.filter((name) => !byName.has(`initializers.${name}`))).toEqual([]);
  });
});
