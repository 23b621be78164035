/** @file `where` with broadcasting, and rows of a table by their numbers. */
import {
  type AddAttrs,
  rowKernelNames,
  presentRowsOf,
  rowSumsOf,
  SELECT,
  selectOf,
  sumTo,
} from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";
import { zero } from "./zero.ts";

/** Rules of kernels that the backend in use has: they use the same and each other. */
export const rowRules: readonly GradientRule[] = [
  rule(SELECT)({
    inputs: ["condition", "t", "e"],
    save: ["condition"],
    backward: (dy, { shapes, saved: { condition } }) => ({
      condition: () => zero(shapes.condition),
      t: () => sumTo(selectOf(condition, dy, tf.scalar(0))!, shapes.t),
      e: () => sumTo(selectOf(condition, tf.scalar(0), dy)!, shapes.e),
    }),
  }),
  rule(rowKernelNames.take)({
    inputs: ["x", "ids"],
    save: ["ids"],
    backward: (dy, { shapes, saved: { ids } }) => ({
      x: () => rowSumsOf(dy, ids, shapes.x[0]!)!,
      ids: () => zero(shapes.ids),
    }),
  }),
  rule<AddAttrs>(rowKernelNames.add)({
    inputs: ["x", "ids"],
    save: ["ids"],
    backward: (dy, { shapes, saved: { ids } }) => ({
      x: () => presentRowsOf(dy, ids, "zero")!,
      ids: () => zero(shapes.ids),
    }),
  }),
];
