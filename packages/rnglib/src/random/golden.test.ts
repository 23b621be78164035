import type { Tensor } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { readGolden, ulpDistance } from "../../../../conformance/compare.ts";
import { initializers, random } from "../index.ts";

interface GoldenArray {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly (number | boolean)[];
}
interface Golden {
  readonly cases: {
    readonly "prng.samplers": Readonly<Record<string, GoldenArray>>;
    readonly "initializers.key0": Readonly<Record<string, GoldenArray>>;
  };
}

const { cases } = readGolden<Golden>("flax");
const key = random.key(0);

function expectClose(actual: Tensor, expected: GoldenArray, tolerance: number): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toBe(expected.dtype);
  const values = actual.dataSync();
  expected.data.forEach((value, i) => {
    expect(
      ulpDistance(values[i]!, Number(value)),
      `at ${i}: ${values[i]} against ${value}`,
    ).toBeLessThanOrEqual(tolerance);
  });
}

describe("the golden values of JAX and Flax", () => {
  const equal: Record<string, () => Tensor> = {
    uniform: () => random.uniform(key, [6]),
    uniform_m3_5: () => random.uniform(key, [6], { minval: -3, maxval: 5 }),
    bernoulli_p0_3: () => random.bernoulli(key, 0.3, [12]),
    randint_0_10: () => random.randint(key, [8], 0, 10),
    gumbel: () => random.gumbel(key, [4]),
    exponential: () => random.exponential(key, [4]),
    laplace: () => random.laplace(key, [4]),
    rademacher: () => random.rademacher(key, [6]),
    logistic: () => random.logistic(key, [4]),
  };
  it.each(Object.entries(equal))("random.%s is equal", (name, draw) => {
    expectClose(draw(), cases["prng.samplers"][name]!, 0);
  });

  const close: Record<string, () => Tensor> = {
    normal: () => random.normal(key, [6]),
    truncated_normal_m2_2: () => random.truncatedNormal(key, -2, 2, [6]),
  };
  it.each(Object.entries(close))("random.%s is within 4 ulp", (name, draw) => {
    expectClose(draw(), cases["prng.samplers"][name]!, 4);
  });

  const initial: Record<string, () => Tensor> = {
    lecun_normal_4x3: () => initializers.lecunNormal()(key, [4, 3]),
    lecun_uniform_4x3: () => initializers.lecunUniform()(key, [4, 3]),
    glorot_normal_4x3: () => initializers.glorotNormal()(key, [4, 3]),
    glorot_uniform_4x3: () => initializers.glorotUniform()(key, [4, 3]),
    he_normal_4x3: () => initializers.heNormal()(key, [4, 3]),
    he_uniform_4x3: () => initializers.heUniform()(key, [4, 3]),
    normal_default_2x2: () => initializers.normal()(key, [2, 2]),
    uniform_default_2x2: () => initializers.uniform()(key, [2, 2]),
    truncated_normal_default_2x2: () => initializers.truncatedNormal()(key, [2, 2]),
    conv_lecun_3x3x2x4: () => initializers.lecunNormal()(key, [3, 3, 2, 4]),
    embed_default_5x3: () => initializers.varianceScaling(1, "fanIn", "normal", { outAxis: 0 })(key, [5, 3]),
    orthogonal_3x3: () => initializers.orthogonal()(key, [3, 3]),
    constant: () => initializers.constant(2.5)(key, [2]),
  };
  it.each(Object.keys(cases["initializers.key0"]))("initializers: %s is within 4 ulp", (name) => {
    // JAX computes its QR in float32, some ulp from the exact factor.
    expectClose(initial[name]!(), cases["initializers.key0"][name]!, name.startsWith("orthogonal") ? 32 : 4);
  });
});
