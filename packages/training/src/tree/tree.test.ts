/** @file Mapping over trees. */
import { StructureError } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { mapTree, type Tree } from "../index.ts";
import { checkAlike, leavesOf, mapTrees } from "./tree.ts";

const tensorOf = fc.integer({ min: -9, max: 9 }).map((x) => tf.scalar(x));
const key = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "a.b", "0"));
const { tree } = fc.letrec<{ tree: Tree; node: Tree | tf.Tensor }>((tie) => ({
  tree: fc.dictionary(key, tie("node"), { maxKeys: 4 }),
  node: fc.oneof({ depthSize: "small", withCrossShrink: true }, tensorOf, tie("tree")),
}));
const numberIn = (x: tf.Tensor): number => x.dataSync()[0] as number;
/** Pairs of keys and values, since objects hide a key `__proto__`. */
const asPairs = (node: Tree | tf.Tensor): unknown =>
  node instanceof tf.Tensor
    ? numberIn(node)
    : Object.keys(node).map((name) => [
        name,
        asPairs(Object.getOwnPropertyDescriptor(node, name)?.value as Tree),
      ]);

it("maps the identity to an equal tree, and each tensor once", () => {
  fc.assert(
    fc.property(tree, (given) => {
      let calls = 0;
      const result = mapTree(
        (x, y) => {
          expect(y).toBe(x);
          calls++;
          return x as tf.Tensor;
        },
        given,
        given,
      );
      expect(asPairs(result)).toEqual(asPairs(given));
      expect(calls).toBe(leavesOf(given).length);
    }),
  );
});

it("gives one tree for each result", () => {
  const [double, square] = mapTrees(2, (x) => [tf.add(x, x), tf.mul(x, x)], { a: { b: tf.scalar(3) } });
  expect([double, square].map((each) => numberIn((each as { a: { b: tf.Tensor } }).a.b))).toEqual([6, 9]);
  expect(mapTrees(2, (x) => [x, x], {})).toHaveLength(2);
});

it("maps trees whose shapes differ", () => {
  const scaled = mapTree((x, s) => tf.mul(x, s), { w: tf.ones([2]) }, { w: tf.scalar(3) });
  expect([...(scaled.w as tf.Tensor).dataSync()]).toEqual([3, 3]);
});

it("maps trees of any depth", () => {
  let deep: Tree = { w: tf.scalar(1) };
  for (let i = 0; i < 20_000; i++) deep = { next: deep };
  const [leaf] = leavesOf(mapTree((x) => tf.neg(x), deep));
  expect(numberIn(leaf as tf.Tensor)).toBe(-1);
});

it.each<[string, unknown, unknown, string]>([
  [
    "a path is missing",
    { a: { b: tf.scalar(1), c: tf.scalar(1) } },
    { a: { b: tf.scalar(1) } },
    "mapTree at a.c: expected trees with the same paths, got nothing.",
  ],
  [
    "there is one more",
    { a: { b: tf.scalar(1) } },
    { a: { b: tf.scalar(1), c: tf.ones([2]) } },
    "mapTree at a.c: expected trees with the same paths, got a float32[2].",
  ],
  [
    "a tensor meets a tree",
    { a: tf.scalar(1) },
    { a: {} },
    "mapTree at a: expected trees with the same paths, got an object with keys {}.",
  ],
  [
    "a tree meets a tensor",
    { a: { b: tf.scalar(1) } },
    { a: tf.scalar(1) },
    "mapTree at a: expected trees with the same paths, got a float32[].",
  ],
  [
    "a key is inherited only",
    { toString: tf.scalar(1) },
    { x: tf.scalar(1) },
    "mapTree at toString: expected trees with the same paths, got nothing.",
  ],
  ["a leaf is no tensor", { a: tf.scalar(1) }, { a: 1 }, "mapTree at a: expected tensors, got 1."],
])("calls nothing when %s, and says where", (_what, first, second, message) => {
  let calls = 0;
  const run = () =>
    mapTree(
      (x) => {
        calls++;
        return x as tf.Tensor;
      },
      first as Tree,
      second as Tree,
    );
  expect(run).toThrow(StructureError);
  expect(run).toThrow(message);
  expect(calls).toBe(0);
});

it("refuses a tree inside itself, and takes one that is in two places", () => {
  const cyclic: Record<string, Tree> = { a: { w: tf.scalar(1) } };
  cyclic.b = { back: cyclic };
  expect(() => mapTree((x) => x as tf.Tensor, cyclic)).toThrow(
    /at b\.back: expected arrays and records that do not/,
  );
  const shared = { w: tf.scalar(1) };
  expect(leavesOf({ a: shared, b: { c: shared } })).toHaveLength(2);
});

it("tells shapes and dtypes apart", () => {
  const like = (w: tf.Tensor) => () => checkAlike("f", { params: { w: tf.ones([2, 3]) }, mu: { w } });
  expect(like(tf.zeros([2, 3]))).not.toThrow();
  for (const other of [tf.zeros([3, 2]), tf.zeros([2, 3, 1]), tf.zeros([6]), tf.zeros([2, 3], "int32")])
    expect(like(other)).toThrow("f at w: expected mu like the params, a float32[2,3], got a");
});
