import "@tensorflow/tfjs-backend-cpu";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, it } from "vitest";
import * as kit from "../index.ts";

/** The value that printed code makes, as a user would paste it. */
const evaluate = (code: string): unknown =>
  // oxlint-disable-next-line no-implied-eval -- the test runs what the kit prints.
  new Function("nnx", "tf", "random", "AnyModule", `return ${code};`)(nnx, tf, nnx.random, kit.AnyModule);

const all = {
  keys: kit.keys(),
  batchedKeys: kit.keys({ shape: [2, 3] }),
  rngs: kit.rngs(),
  tensors: kit.tensors({ special: true }),
  integers: kit.tensors({ dtype: "int32", shape: kit.shapes({ minSize: 0 }) }),
  booleans: kit.tensors({ dtype: "bool", shape: [3] }),
  variables: kit.variables(),
  states: kit.states(),
  models: kit.models(),
  trees: kit.models({ shared: false, streams: false }),
} as const;

it.each(Object.entries(all))("%s print as code that rebuilds them", async (_, arbitrary) => {
  await fc.assert(
    fc.asyncProperty(arbitrary as fc.Arbitrary<object>, async (value) => {
      const code = kit.codeOf(value);
      // fast-check prints the same in counterexamples, except for States, which are frozen.
      if (Object.isExtensible(value)) expect(fc.stringify(value)).toBe(code);
      await kit.assertEqual(evaluate(code), value);
    }),
    { numRuns: 60 },
  );
});

it("filters print as code that selects the same", () => {
  fc.assert(
    fc.property(kit.filters(), kit.states(), ({ filter, code }, state) => {
      const paths = (by: unknown): string[] =>
        nnx.flattenState(nnx.filterState(state, by as nnx.Filter)).map(([path]) => path.join("."));
      expect(paths(evaluate(code))).toEqual(paths(filter));
    }),
  );
});

/** The code of the smallest value with a property. */
function smallest<T>(arbitrary: fc.Arbitrary<T>, has: (value: T) => boolean): string {
  const { counterexample } = fc.check(
    fc.property(arbitrary, (value) => !has(value)),
    { numRuns: 2000, seed: 1 },
  );
  return kit.codeOf(counterexample![0]);
}

it("shrinks to what can be read", () => {
  expect(smallest(kit.keys(), () => true)).toBe("random.key(0)");
  expect(smallest(kit.keys({ shape: [2] }), () => true)).toBe("random.split(random.key(0), [2])");
  expect(smallest(kit.rngs(), () => true)).toBe("new nnx.Rngs(0)");
  expect(smallest(kit.rngs(), (rngs) => rngs.has("dropout"))).toBe('new nnx.Rngs(0, { "dropout": 0 })');
  expect(smallest(kit.tensors(), () => true)).toBe('tf.tensor([0], [], "float32")');
  expect(smallest(kit.tensors(), (x) => x.rank === 2)).toBe('tf.tensor([0], [1, 1], "float32")');
  expect(smallest(kit.models(), () => true)).toBe("(() => { const v0 = new AnyModule(); return v0; })()");
  expect(smallest(kit.states(), (state) => nnx.flattenState(state).length > 0)).toMatch(
    /^nnx\.unflattenState\(\[\[\["\w+"\], \{ type: nnx\.Param, value: tf\.tensor\(\[0\], \[\], "float32"\), metadata: \{\} \}\]\]\)$/,
  );
});

const some = <T>(arbitrary: fc.Arbitrary<T>, has: (value: T) => boolean): boolean =>
  fc.sample(arbitrary, { numRuns: 500, seed: 3 }).some(has);
const values = (x: tf.Tensor): number[] => [...x.dataSync()];

it("makes special numbers on request, and only then", () => {
  for (const special of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 2 ** -149]) {
    const has = (x: tf.Tensor): boolean => values(x).some((each) => Object.is(each, special));
    expect(some(kit.tensors({ shape: [4], special: true }), has)).toBe(true);
  }
  expect(some(kit.tensors({ shape: [4] }), (x) => values(x).some((each) => !Number.isFinite(each)))).toBe(
    false,
  );
  expect(some(kit.tensors({ min: 0, max: 1 }), (x) => values(x).some((each) => each < 0 || each > 1))).toBe(
    false,
  );
});

it("makes shared, cyclic and listed parts, and streams, unless it is told not to", () => {
  const print = (model: kit.AnyModule): string => kit.codeOf(model);
  const isShared = (model: kit.AnyModule): boolean => nnx.findDuplicates(model).length > 0;
  const isCyclic = (model: kit.AnyModule): boolean => /(v\d+)\.\w+ = \1;|v0\.\w+ = v0;/.test(print(model));
  expect(some(kit.models(), isShared)).toBe(true);
  expect(some(kit.models(), isCyclic)).toBe(true);
  expect(some(kit.models({ cyclic: false }), isCyclic)).toBe(false);
  expect(some(kit.models({ shared: false }), isShared)).toBe(false);
  expect(some(kit.models(), (model) => /Rngs/.test(print(model)))).toBe(true);
  expect(some(kit.models({ streams: false }), (model) => /Rngs/.test(print(model)))).toBe(false);
  expect(some(kit.models(), (model) => /\[v\d/.test(print(model)))).toBe(true);
});
