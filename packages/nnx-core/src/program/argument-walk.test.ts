import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { afterAll, expect, it } from "vitest";
import { BatchStat, dispose, Module, Param, Variable } from "../index.ts";
import { sameSignature } from "./argument-walk.ts";
import { takeApart } from "./arguments.ts";

class Net extends Module {
  a: Variable<unknown>;
  b: Variable<unknown>;
  more: unknown;
  constructor(a: Variable<unknown>, b: Variable<unknown>, more?: unknown) {
    super();
    this.a = a;
    this.b = b;
    this.more = more;
  }
}
class Other extends Net {}

const made: object[] = [];
const keep = <T extends object>(x: T): T => {
  made.push(x);
  return x;
};
afterAll(() => dispose(made));
const w = (size = 2): Param<tf.Tensor> => new Param(tf.zeros([size]));
const net = (more?: unknown): Net => keep(new Net(w(), w(), more));
const shared = w();
const one = (): (() => number) => () => 1;

const isSame = (a: unknown, b: unknown): boolean =>
  sameSignature(takeApart([a]).signature, takeApart([b]).signature);

it.each<[what: string, a: unknown, b: unknown, same: boolean]>([
  ["models alike", net({ n: [1, "x"] }), net({ n: [1, "x"] }), true],
  ["values of Variables", keep(new Net(new Variable(1), w())), keep(new Net(new Variable(2), w())), true],
  ["classes", net(), keep(new Other(w(), w())), false],
  ["types of Variables", net(), keep(new Net(w(), new BatchStat(tf.zeros([2])))), false],
  ["shapes", net(), keep(new Net(w(), w(3))), false],
  ["metadata", net(), keep(new Net(w(), new Param(tf.zeros([2]), { tag: "t" }))), false],
  [
    "the order of metadata",
    keep(new Net(w(), new Param(tf.zeros([2]), { tag: "t", more: 1 }))),
    keep(new Net(w(), new Param(tf.zeros([2]), { more: 1, tag: "t" }))),
    false,
  ],
  [
    "functions that are keys in Variables",
    keep(new Net(new Variable(new Map([[one(), 1]])), w())),
    keep(new Net(new Variable(new Map([[one(), 1]])), w())),
    false,
  ],
  ["sharing", net(), keep(new Net(shared, shared)), false],
  ["static data", net({ n: [1] }), net({ n: [2] }), false],
  ["zeros", net(0), net(-0), false],
  [
    "the order of keys of data",
    { x: tf.ones([1]), y: tf.ones([1]) },
    { y: tf.ones([1]), x: tf.ones([1]) },
    false,
  ],
  ["names and numbers as keys", { 1: tf.ones([1]) }, { "01": tf.ones([1]) }, false],
  ["lists and objects", [tf.ones([1])], { 0: tf.ones([1]) }, false],
])("tells %s apart, or not", (_, a, b, same) => {
  expect(isSame(a, b)).toBe(same);
});
