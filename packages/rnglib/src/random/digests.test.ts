import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { readGolden, sha256 } from "../../../../conformance/compare.ts";
import { uniform } from "../keys/index.ts";
import { erfInv, exp, log, log1p, logFactorial } from "./float32.ts";
import * as random from "./index.ts";

interface Golden {
  readonly provenance: { readonly seed: number; readonly n: number };
  readonly functions: readonly {
    readonly name: keyof typeof byName;
    readonly minval: number;
    readonly maxval: number;
    readonly whole: boolean;
    readonly sha: string;
  }[];
  readonly samplers: readonly { readonly name: string; readonly sha: string }[];
}
const { provenance, functions, samplers } = readGolden<Golden>("random-digests");
const { n } = provenance;
const key = random.key(provenance.seed);

const lgamma = (x: number): number => logFactorial(Math.fround(x - 1));
const byName = { erfInv, exp, lgamma, log, log1p };

describe("long arrays are equal to JAX's, bit for bit", () => {
  it.each(functions)("$name on [$minval, $maxval)", async ({ name, minval, maxval, whole, sha }) => {
    const x = uniform(key, n, { minval, maxval });
    expect(await sha256(x.map((value) => byName[name](whole ? Math.floor(value) : value)))).toBe(sha);
  });

  const rates = random.uniform(random.key(1), [n], { minval: 0, maxval: 60 });
  const chances = random.uniform(random.key(2), [n]);
  const draws: Readonly<Record<string, () => Tensor>> = {
    gumbel: () => random.gumbel(key, [n]),
    exponential: () => random.exponential(key, [n]),
    laplace: () => random.laplace(key, [n]),
    logistic: () => random.logistic(key, [n]),
    poisson: () => random.poisson(key, rates),
    binomial: () => random.binomial(key, 100, chances),
    geometric: () => random.geometric(key, chances),
    permutation: () => random.permutation(key, n),
    categorical: () => {
      const logits = uniform(random.key(3), n).map(log);
      return random.categorical(key, tf.tensor2d(logits, [n / 5, 5]));
    },
    choice: () => random.choice(key, 1000, [n], { p: random.uniform(random.key(4), [1000]) }),
    wald: () => random.wald(key, rates),
  };
  it.each(samplers)("$name", async ({ name, sha }) => {
    expect(await sha256(draws[name]!().dataSync())).toBe(sha);
  });
});
