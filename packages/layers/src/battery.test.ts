/** @file What holds for each layer, beside the laws of the test kit, to which `testing` holds all of them. */
import {
  capture,
  dispose,
  equalGraphDefs,
  flattenState,
  graphdef,
  graphDefFromJson,
  graphDefToJson,
  Intermediate,
  isVariableState,
  iterNodes,
  Param,
  setMode,
  state,
  type State,
  valueAndGrad,
  view,
} from "@nnxjs/nnx-core";
import { type Initializer, random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { layerTable, type LayerUnderTest as Layer } from "../test/layer-table.ts";
import * as layers from "./index.ts";

const run = (layer: Layer, x: tf.Tensor): tf.Tensor => layer.forward(x) as tf.Tensor;
const values = (x: tf.Tensor): number[] => [...x.dataSync()];
const contents = (s: State): [string, string][] =>
  flattenState(s).map(([path, leaf]) => {
    const value: unknown = isVariableState(leaf) ? leaf.value : leaf;
    return [path.join("."), value instanceof tf.Tensor ? values(value).join() : String(value)];
  });
const paramsOf = (layer: Layer): Param<tf.Tensor>[] =>
  [...iterNodes(layer)].flatMap(([, node]) => (node instanceof Param ? [node as Param<tf.Tensor>] : []));

/** A loss in which every output has its own weight. */
const lossOf = (layer: Layer, x: tf.Tensor): tf.Tensor => {
  const y = run(layer, x);
  return tf.sum(tf.mul(y, random.normal(random.key(5), y.shape)));
};
const direction = (shape: readonly number[], seed: number): tf.Tensor =>
  random.normal(random.key(seed), shape);

it("has an entry for every module that this package exports", () => {
  const names = layerTable.map(({ name }) => name).join(" ");
  for (const [name, value] of Object.entries(layers)) {
    const isLayer =
      typeof value === "function" &&
      /^class /.test(String(value)) &&
      "forward" in (value.prototype as object);
    if (isLayer) expect(names).toContain(name);
  }
});

it.each(layerTable)("$name: has a definition that goes through JSON", ({ make }) => {
  const definition = graphdef(make());
  const text = JSON.stringify(graphDefToJson(definition));
  expect(equalGraphDefs(graphDefFromJson(JSON.parse(text)), definition)).toBe(true);
  // Equal constructor calls make equal definitions, because definitions contain nothing that is
  // made per layer.
  expect(equalGraphDefs(graphdef(make()), definition)).toBe(true);
});

it("frees what an initializer of the user leaves behind", () => {
  const twice: Initializer = (key, shape) => tf.mul(random.normal(key, shape), 2);
  const rngs = new Rngs(0);
  const make = [
    () => new layers.Linear(2, 3, { rngs, kernelInit: twice, biasInit: twice }),
    () => new layers.LoRA(2, 2, 3, { rngs, aInitializer: twice, bInitializer: twice }),
    () => new layers.Conv(2, 3, 3, { rngs, kernelInit: twice, biasInit: twice }),
    () => new layers.LinearGeneral(2, [3, 2], { rngs, kernelInit: twice, biasInit: twice }),
    () => new layers.WeightNorm(new layers.Linear(2, 3, { rngs }), { rngs, scaleInit: twice }),
  ];
  for (const build of make) {
    const before = tf.memory().numTensors;
    dispose(build());
    expect(tf.memory().numTensors).toBe(before);
  }
});

onEachBackend("every layer", () => {
  it.each(layerTable)(
    "$name: has the shape and dtype it says, the same every time",
    ({ make, input, output }) => {
      const [one, two] = [run(make(), input()), run(make(), input())];
      expect([one.shape, one.dtype]).toEqual([output, "float32"]);
      expect(values(one)).toEqual(values(two));
      expect(values(one).every(Number.isFinite)).toBe(true);
    },
  );

  it.each(layerTable)(
    "$name: evaluates without chance or change, and trains again",
    ({ make, input, modes = [], ...entry }) => {
      const layer = make();
      layer.eval();
      const before = contents(state(layer));
      const y = values(run(layer, input()));
      if (!entry.changesInEval && entry.name !== "WeightNorm") {
        expect(contents(state(layer))).toEqual(before);
        expect(values(run(layer, input()))).toEqual(y);
      }
      layer.train();
      expect(values(run(layer, input())).length).toBe(y.length);
      const fresh = make();
      for (const mode of modes) expect(() => setMode(fresh, { [mode]: true })).not.toThrow();
      for (const mode of ["deterministic", "useRunningAverage", "decode"].filter(
        (name) => !modes.includes(name),
      )) {
        expect(() => setMode(fresh, { [mode]: true })).toThrow(/expected/);
      }
      if (modes.includes("deterministic")) {
        const evaluating = view(make(), { deterministic: true }) as Layer;
        expect(values(run(evaluating, input()))).toEqual(y);
      }
    },
  );

  it.each(layerTable)("$name: is captured with what its methods return", ({ make, input, output }) => {
    const layer = make();
    const before = contents(state(layer)).map(([path]) => path);
    const [y, seen] = capture(layer, Intermediate, { methodOutputs: Intermediate })(input());
    expect((y as tf.Tensor).shape).toEqual(output);
    const own = flattenState(seen).find(([path]) => path.join(".") === "forward");
    // The methods that users can call, without internal helpers.
    for (const [path] of flattenState(seen)) expect(["forward", "initializeCarry"]).toContain(path.at(-1));
    const recorded = (isVariableState(own![1]) ? own![1].value : []) as readonly tf.Tensor[];
    expect(values(recorded[0]!)).toEqual(values(y as tf.Tensor));
    expect(contents(state(layer)).map(([path]) => path)).toEqual(before);
  });

  it.each(layerTable.filter(({ notSmooth }) => notSmooth === undefined))(
    "$name: has the gradient that finite differences give",
    ({ make, input }) => {
      const x = input();
      const layer = make();
      const smooth = x.dtype === "float32";
      const [, gradients] = smooth
        ? valueAndGrad(lossOf, { argnums: [0, 1] })(layer, x)
        : valueAndGrad(lossOf, { argnums: [0] })(layer, x);
      const [ofLayer, ofInput] = gradients as [State, tf.Tensor | undefined];
      const along = (by: number, moveParams: boolean): number =>
        tf.tidy(() => {
          const moved = make();
          if (moveParams) {
            paramsOf(moved).forEach((param, i) => {
              param.value = tf.add(param.value, tf.mul(by, direction(param.value.shape, i)));
            });
          }
          const at = moveParams ? x : tf.add(x, tf.mul(by, direction(x.shape, 99)));
          return lossOf(moved, at).dataSync()[0]!;
        });
      const h = 1 / 256;
      const check = (moveParams: boolean, products: readonly tf.Tensor[]) => {
        const slope = (along(h, moveParams) - along(-h, moveParams)) / (2 * h);
        const found = products.reduce((sum, product) => sum + tf.sum(product).dataSync()[0]!, 0);
        const size = products.reduce((sum, product) => sum + tf.sum(tf.abs(product)).dataSync()[0]!, 0);
        expect(Math.abs(found - slope)).toBeLessThan(0.005 * size + 0.005);
      };
      const leaves = flattenState(ofLayer).map(
        ([, leaf]) => (isVariableState(leaf) ? leaf.value : leaf) as tf.Tensor,
      );
      expect(leaves.map((leaf) => leaf.shape)).toEqual(paramsOf(layer).map((param) => param.value.shape));
      if (leaves.length > 0)
        check(
          true,
          leaves.map((leaf, i) => tf.mul(leaf, direction(leaf.shape, i))),
        );
      if (ofInput) check(false, [tf.mul(ofInput, direction(x.shape, 99))]);
    },
  );

  it.each(layerTable)(
    "$name: leaves only its result behind, and nothing once it is disposed",
    ({ make, input }) => {
      const atFirst = tf.memory().numTensors;
      const x = tf.tidy(input);
      // Run without a scope, which would free what a constructor leaks.
      const layer = make();
      const step = () => {
        const y = tf.tidy(() => run(layer, x));
        y.dispose();
      };
      step();
      const before = tf.memory().numTensors;
      for (let i = 0; i < 3; i++) step();
      expect(tf.memory().numTensors).toBe(before);
      const [loss, gradients] = valueAndGrad((m: Layer, v: tf.Tensor) => lossOf(m, v))(layer, x);
      dispose([loss, gradients]);
      expect(tf.memory().numTensors).toBe(before);
      dispose(layer);
      x.dispose();
      expect(tf.memory().numTensors).toBe(atFirst);
    },
  );

  it.each(layerTable)("$name: refuses an input without axes and stays as it was", ({ make, input, name }) => {
    if (["PReLU", "Dropout"].includes(name)) return;
    const layer = make();
    const before = contents(state(layer));
    const bad = name === "Embed" ? tf.ones([2]) : tf.scalar(1);
    expect(() => run(layer, bad)).toThrow(/: expected /);
    expect(contents(state(layer))).toEqual(before);
    expect(run(layer, input()).size).toBeGreaterThan(0);
  });
});
