/** @file `where` with broadcasting, as one kernel. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { isHeap, loop, type LoopDtype } from "../memory/access.ts";
import { arrayOf, isPlain } from "../move/move.ts";
import { type Words, wordsOf } from "../move/words.ts";
import { broadcastSteps, eachRun, joinedSteps, type SteppedAxis } from "../move/steps.ts";
import { sizeOf } from "../shape.ts";
import { wasmRun } from "../wasm/call.ts";
import { onBoth } from "./own-kernel.ts";
import { selectModule } from "../wasm/select.generated.ts";

/** Its name in the registry: condition, t and e are repeated up to a common shape. */
export const SELECT = "NnxSelect";

type Inputs = readonly [condition: TensorInfo, t: TensorInfo, e: TensorInfo];

/** Chooses along one run. Random conditions would make a branch several times as slow as the bits. */
function choose(
  c: Words,
  t: Words,
  e: Words,
  out: Words,
  to: number,
  size: number,
  from: readonly number[],
  steps: readonly number[],
): void {
  let [atC = 0, atT = 0, atE = 0] = from;
  const [stepC = 0, stepT = 0, stepE = 0] = steps;
  for (let i = to; i < to + size; i++) {
    const mask = -Number(c[atC] !== 0);
    out[i] = (t[atT]! & mask) | (e[atE]! & ~mask);
    atC += stepC;
    atT += stepT;
    atE += stepE;
  }
}

function byLoop(
  backend: object,
  inputs: Inputs,
  axes: readonly SteppedAxis[],
  shape: readonly number[],
): TensorInfo {
  const dtype = inputs[1].dtype as LoopDtype;
  return loop(backend, isHeap(backend) ? inputs : [], { shape, dtype }, (heap, out) => {
    const [c, t, e] = (isHeap(backend) ? heap : inputs.map((x) => arrayOf(backend, x))).map(wordsOf);
    const words = wordsOf(out);
    eachRun(axes, (to, size, from, steps) => choose(c!, t!, e!, words, to, size, from, steps));
  });
}

/**
 * `t` where the condition is true, else `e`, all repeated up to a common shape.
 * @param inputs - The condition is bool; the others have one dtype: float32, int32 or bool.
 */
export function select(backend: object, inputs: Inputs): TensorInfo {
  const shapes = inputs.map((x) => x.shape);
  const shape = shapes.reduce((a, b) => tf.backend_util.assertAndGetBroadcastShape(a, b));
  const axes = joinedSteps(
    shape,
    shapes.map((own) => broadcastSteps(own, shape)),
  );
  const dtype = inputs[1].dtype as LoopDtype;
  if (dtype === "bool" || sizeOf(shape) === 0) return byLoop(backend, inputs, axes, shape);
  const row = axes.at(-1);
  const size = row?.size ?? 1;
  const [stepC = 0, stepT = 0, stepE = 0] = row?.steps ?? [];
  const results = wasmRun(backend, {
    module: selectModule,
    inputs,
    outputs: [{ shape, dtype }],
    run: ({ select: run }, { inputs: [c = 0, t = 0, e = 0], outputs: [out = 0] }) =>
      eachRun(
        axes.slice(0, -1),
        (to, rows, [fromC = 0, fromT = 0, fromE = 0], [rowC = 0, rowT = 0, rowE = 0]) => {
          const at = [c + fromC, t + 4 * fromT, e + 4 * fromE, out + 4 * to * size];
          run(...at, size, stepC, 4 * stepT, 4 * stepE, rows, rowC, 4 * rowT, 4 * rowE);
        },
      ),
  });
  return results?.[0] ?? byLoop(backend, inputs, axes, shape);
}

/** The kernel for cpu and wasm. */
export const selectKernels = (): readonly KernelConfig[] =>
  onBoth(SELECT, (backend, { condition, t, e }) => select(backend, [condition!, t!, e!]));

/**
 * `t` where the condition is true, else `e`, all repeated up to a common shape.
 * @returns undefined where the backend does not have the kernel, and for strings, complex numbers and
 * different dtypes.
 */
export function selectOf(condition: tf.Tensor, t: tf.Tensor, e: tf.Tensor): tf.Tensor | undefined {
  if (condition.dtype !== "bool" || t.dtype !== e.dtype || !isPlain(t.dtype)) return undefined;
  // `getKernel` is typed as if every kernel existed.
  const kernel = tf.getKernel(SELECT, tf.getBackend()) as KernelConfig | undefined;
  return kernel && tf.engine().runKernel(SELECT, { condition, t, e });
}
