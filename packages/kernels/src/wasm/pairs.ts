/** @file Element-wise kernels of two tensors, choices and logic, by WebAssembly. */
import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { eachPlane, fold } from "../fold.ts";
import { elementsOf, isHeap } from "../memory/access.ts";
import { type Mend, mend } from "../mend.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { bitsModule } from "./bits.generated.ts";
import { wasmCall, wasmRun } from "./call.ts";
import { comparisonsModule } from "./comparisons.generated.ts";
import { isWorthCopying } from "./elementwise.ts";
import type { WasmModule } from "./module.ts";
import { pairsModule } from "./pairs.generated.ts";

/** Up to so many elements tensorflow.js's way to its own function costs more than the arithmetic. */
const FEW_ON_HEAP = 4096;

/**
 * A function of two float32 tensors with broadcasting.
 * @returns `undefined` for other tensors, for empty ones, and where WebAssembly is out of reach.
 */
export function pairwise<F extends string>(
  backend: object,
  module: WasmModule<F>,
  name: F,
  a: TensorInfo,
  b: TensorInfo,
  dtype: "float32" | "bool" = "float32",
): TensorInfo | undefined {
  if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const size = sizeOf(shape);
  if (!isWorthCopying(backend, size)) return undefined;
  const bytes = dtype === "bool" ? 1 : 4;
  const call = { module, inputs: [a, b], outputs: [{ shape, dtype }] };
  if (sizeOf(a.shape) === size && sizeOf(b.shape) === size) {
    const made = wasmRun(backend, {
      ...call,
      elements: size,
      run: (functions, { inputs: [atA, atB], outputs: [to] }, count) =>
        functions[name](atA!, atB!, to!, 1, count, 0, 0, 1, 1),
    });
    return made?.[0];
  }
  const results = wasmRun(backend, {
    ...call,
    run: (functions, { inputs: [atA, atB], outputs: [to] }) => {
      eachPlane(fold(a.shape, b.shape), (fromA, fromB, out, rows, length, rowA, rowB, stepA, stepB) =>
        functions[name](
          atA! + 4 * fromA,
          atB! + 4 * fromB,
          to! + bytes * out,
          rows,
          length,
          4 * rowA,
          4 * rowB,
          stepA,
          stepB,
        ),
      );
    },
  });
  return results?.[0];
}

const both = ["cpu", "wasm"];

const extremum = (kernelName: string, name: "max" | "min"): Mend =>
  mend<"a" | "b">(
    kernelName,
    both,
    ({ inputs: { a, b }, backend, stock }) => pairwise(backend, pairsModule, name, a, b) ?? stock(),
  );

/** tensorflow.js has these by XNNPACK on wasm, which is as quick for large tensors. */
const ofFew = (kernelName: string, name: "add" | "sub" | "mul" | "div" | "squaredDifference"): Mend =>
  mend<"a" | "b">(kernelName, both, ({ inputs: { a, b }, backend, stock }) => {
    const isLarge = isHeap(backend) && Math.max(sizeOf(a.shape), sizeOf(b.shape)) > FEW_ON_HEAP;
    return (isLarge ? undefined : pairwise(backend, pairsModule, name, a, b)) ?? stock();
  });

const comparison = (
  kernelName: string,
  name: "greater" | "greaterEqual" | "less" | "lessEqual" | "equal" | "notEqual",
): Mend =>
  mend<"a" | "b">(
    kernelName,
    both,
    ({ inputs: { a, b }, backend, stock }) =>
      pairwise(backend, comparisonsModule, name, a, b, "bool") ?? stock(),
  );

const logic = (kernelName: string, name: "and" | "or"): Mend =>
  mend<"a" | "b">(kernelName, both, ({ inputs: { a, b }, backend, stock }) => {
    const { shape } = a;
    const size = sizeOf(shape);
    if (a.dtype !== "bool" || b.dtype !== "bool" || !sameShape(shape, b.shape)) return stock();
    if (!isWorthCopying(backend, size)) return stock();
    return wasmCall(backend, bitsModule, name, [a, b], [{ shape, dtype: "bool" }], [size])?.[0] ?? stock();
  });

const not: Mend = mend<"x">("LogicalNot", ["cpu"], ({ inputs: { x }, backend, stock }) => {
  const { shape } = x;
  const size = sizeOf(shape);
  if (x.dtype !== "bool" || !isWorthCopying(backend, size)) return stock();
  return wasmCall(backend, bitsModule, "not", [x], [{ shape, dtype: "bool" }], [size])?.[0] ?? stock();
});

const select: Mend = mend<"condition" | "t" | "e">(
  "Select",
  ["cpu", "wasm"],
  ({ inputs: { condition, t, e }, backend, stock }) => {
    const { shape, dtype } = t;
    const size = sizeOf(shape);
    // A condition of one axis may choose rows. The stock kernel does that.
    if (condition.dtype !== "bool" || !sameShape(condition.shape, shape)) return stock();
    if ((dtype !== "float32" && dtype !== "int32") || e.dtype !== dtype || !sameShape(e.shape, shape))
      return stock();
    if (!isWorthCopying(backend, size)) return stock();
    const made = wasmCall(backend, bitsModule, "select", [condition, t, e], [{ shape, dtype }], [size]);
    return made?.[0] ?? stock();
  },
);

const castToBool: Mend = mend<"x", tf.CastAttrs>(
  "Cast",
  ["cpu", "wasm"],
  ({ inputs: { x }, attrs, backend, stock }) => {
    const { shape } = x;
    const size = sizeOf(shape);
    if (attrs.dtype !== "bool" || x.dtype !== "float32" || !isWorthCopying(backend, size)) return stock();
    return wasmCall(backend, bitsModule, "isTrue", [x], [{ shape, dtype: "bool" }], [size])?.[0] ?? stock();
  },
);

/** Squares are common. For other powers no kernel is quicker than a call for each element. */
const pow: Mend = mend<"a" | "b">("Pow", both, ({ inputs: { a, b }, backend, stock }) => {
  if (a.dtype !== "float32" || b.dtype !== "float32") return stock();
  if (sizeOf(b.shape) !== 1 || elementsOf(backend, b)[0] !== 2) return stock();
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const square = pairwise(backend, pairsModule, "mul", a, a);
  return square ? { ...square, shape } : stock();
});

const addN: Mend = mend<string>("AddN", ["cpu"], ({ inputs, backend, stock }) => {
  const all = Object.values(inputs);
  const [first] = all;
  if (!first || all.some(({ dtype, shape }) => dtype !== "float32" || !sameShape(shape, first.shape)))
    return stock();
  const { shape } = first;
  const size = sizeOf(shape);
  if (all.length < 2 || !isWorthCopying(backend, size)) return stock();
  const made = wasmRun(backend, {
    module: pairsModule,
    inputs: all,
    outputs: [{ shape, dtype: "float32" }],
    run: ({ add }, { inputs: from, outputs: [to] }) => {
      for (const [i, at] of from.entries()) {
        if (i > 0) add(i === 1 ? from[0]! : to!, at, to!, 1, size, 0, 0, 1, 1);
      }
    },
  });
  return made?.[0] ?? stock();
});

/** Quicker kernels of two and more tensors. */
export const pairMends: readonly Mend[] = [
  ofFew("Add", "add"),
  ofFew("Sub", "sub"),
  ofFew("Multiply", "mul"),
  ofFew("RealDiv", "div"),
  ofFew("SquaredDifference", "squaredDifference"),
  extremum("Maximum", "max"),
  extremum("Minimum", "min"),
  comparison("Greater", "greater"),
  comparison("GreaterEqual", "greaterEqual"),
  comparison("Less", "less"),
  comparison("LessEqual", "lessEqual"),
  comparison("Equal", "equal"),
  comparison("NotEqual", "notEqual"),
  logic("LogicalAnd", "and"),
  logic("LogicalOr", "or"),
  not,
  select,
  castToBool,
  pow,
  addN,
];
