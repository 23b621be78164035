/** @file Matrix products and einsum. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Case, Cases } from "./case.ts";

const matMul = (transposeA = false, transposeB = false): Case => ({
  kernels: ["BatchMatMul"],
  f: (a, b) => tf.matMul(a!, b!, transposeA, transposeB),
});

const einsum = (equation: string): readonly [string, Case] => [
  `einsum ${equation}`,
  {
    kernels: ["Einsum"],
    f: (...xs) => tf.einsum(equation, ...xs),
  },
];

const fused = (activation: "relu" | "linear"): Case => ({
  kernels: ["BatchMatMul", "Add", "Relu"],
  f: (a, b, bias) => tf.fused.matMul({ a: a!, b: b!, bias: bias!, activation }),
});

const attention = (q: Tensor, k: Tensor, v: Tensor): Tensor =>
  tf.matMul(tf.softmax(tf.div(tf.matMul(q, k, false, true), 2)), v);

export const productCases: Cases = {
  matMul: matMul(),
  "matMul transposeA": matMul(true),
  "matMul transposeB": matMul(false, true),
  "matMul transposeA transposeB": matMul(true, true),
  "matMul wide right transposed": matMul(false, true),
  "matMul batched": matMul(),
  "matMul batched transposeA transposeB": matMul(true, true),
  "matMul batch of a alone": matMul(),
  "matMul batch of a alone, b transposed": matMul(false, true),
  "matMul batch of b alone": matMul(),
  "matMul batches broadcast": matMul(),
  "matMul batch of one": matMul(),
  "matMul large batch": { kernels: ["BatchMatMul"], f: (a, b) => tf.tanh(tf.matMul(a!, b!)) },
  dot: { kernels: ["BatchMatMul"], f: (a, b) => tf.dot(a!, b!) },
  outerProduct: {
    kernels: ["BatchMatMul"],
    f: (a, b) => tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D),
  },
  "fused.matMul": fused("relu"),
  "fused.matMul linear": fused("linear"),
  attention: { kernels: ["BatchMatMul", "Softmax"], f: (q, k, v) => attention(q!, k!, v!) },
  ...Object.fromEntries(
    [
      "ij,jk->ik",
      "bthd,bshd->bhts",
      "ij->ji",
      "ij->i",
      "ij->",
      "i,j->ij",
      "i,i->",
      "bij,bjk->ik",
      "ij,kj->",
      "ijk,ij->ik",
      "ij,jk,kl->il",
      "bi,ij,bj->b",
      "i,j,k->kji",
      "ab,bc,cd,de->",
    ].map(einsum),
  ),
};
