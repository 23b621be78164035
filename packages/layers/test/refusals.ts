/**
 * @file What the forward of every layer must refuse, and that it then changes nothing. For the
 * layers of all packages.
 */
import {
  DisposedError,
  flattenState,
  isVariableState,
  iterNodes,
  NnxError,
  type Path,
  state,
  Variable,
} from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { LayerUnderTest } from "./layer-table.ts";

/** Every leaf with its path and values. */
const contents = (layer: LayerUnderTest): [string, string][] =>
  flattenState(state(layer)).map(([path, leaf]) => {
    const value: unknown = isVariableState(leaf) ? leaf.value : leaf;
    return [
      path.join("."),
      value instanceof tf.Tensor ? `${value.shape.join()}: ${value.dataSync().join()}` : String(value),
    ];
  });

/** Expects that the call throws, and that the model is unchanged. */
function expectRefusal(layer: LayerUnderTest, input: unknown): Error {
  const before = contents(layer);
  let thrown: unknown;
  try {
    layer.forward(input as tf.Tensor);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Error);
  expect(contents(layer)).toEqual(before);
  return thrown as Error;
}

/** Expects an error that says that the tensor is disposed. */
export function expectRefusesDisposed(layer: LayerUnderTest, input: tf.Tensor): void {
  input.dispose();
  const error = expectRefusal(layer, input);
  expect(error).toBeInstanceOf(DisposedError);
  expect(error.message).toMatch(/^\w+\.forward: expected \w+ to be a live tensor, got a disposed \w+\[/);
}

/** Expects an error that says that the value is not a tensor. */
export function expectRefusesOthers(layer: LayerUnderTest): void {
  for (const input of [undefined, null, 3, [1, 2], "x", { shape: [2] }]) {
    const error = expectRefusal(layer, input);
    expect(error).toBeInstanceOf(NnxError);
    expect(error.message).toMatch(/^\w+\.forward: expected \w+ to be a tensor, got /);
  }
}

const wrongShapes = (shape: readonly number[]): number[][] =>
  [
    [...shape, 1],
    [1, ...shape],
    [...shape].reverse(),
    shape.map((n) => n + 1),
    ...shape.map((_, axis) => shape.map((n, i) => (i === axis ? n + 1 : n))),
    shape.slice(1),
    [],
  ].filter((wrong) => String(wrong) !== String(shape) || wrong.length !== shape.length);

/**
 * Expects an error that names a parameter of the wrong shape with both shapes, whatever the other
 * parameters are.
 */
export function expectRefusesOtherShapes(make: () => LayerUnderTest, input: tf.Tensor): void {
  const paths = [...iterNodes(make())].flatMap(([path, node]): Path[] =>
    node instanceof Variable && node.value instanceof tf.Tensor ? [path] : [],
  );
  for (const path of paths) {
    const { shape } = parameterAt(make(), path).value;
    for (const wrong of wrongShapes(shape)) {
      const layer = make();
      parameterAt(layer, path).value = tf.ones(wrong);
      const error = expectRefusal(layer, input);
      const text = `[${wrong.join(",")}]`;
      const where = `${path.join(".")} of ${text}: ${error.message}`;
      expect(error, where).toBeInstanceOf(NnxError);
      expect(error.message, where).toMatch(/^[A-Z]\w+(\.forward| of [\w/]+, a )/);
      expect(error.message, where).toContain(String(path.at(-1)).split("/").at(-1));
      expect(error.message, where).toContain(`float32${text}`);
    }
    for (const other of [3, "x"]) {
      const layer = make();
      parameterAt(layer, path).value = other as unknown as tf.Tensor;
      expect(() => layer.forward(input)).toThrow();
    }
  }
}

function parameterAt(layer: LayerUnderTest, wanted: Path): Variable<tf.Tensor> {
  for (const [path, node] of iterNodes(layer)) {
    if (node instanceof Variable && path.join("\0") === wanted.join("\0")) return node as Variable<tf.Tensor>;
  }
  throw new Error(`expected a Variable at ${wanted.join(".")}`);
}
