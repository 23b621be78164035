/** @file One slice of a tensor along an axis, as `vmap` and `scan` need it. */
import { engine, type Tensor } from "@tensorflow/tfjs-core";
import { hasReachableMemory } from "../backends.ts";
import { isRecording } from "../engine.ts";
import { type Elements, loop } from "../memory/access.ts";
import { computed } from "../memory/computed.ts";
import { sizeOf } from "../shape.ts";

const call = (name: string, x: Tensor, attrs: object): Tensor =>
  engine().runKernel(name, { x }, attrs as never);

/** Copies a run of elements. `set` costs more than a loop for a few of them. */
function copy(from: Elements, start: number, to: Elements): void {
  if (to.length > 32) to.set(from.subarray(start, start + to.length));
  else for (let i = 0; i < to.length; i++) to[i] = from[start + i]!;
}

/**
 * The slice at an index along an axis, without that axis. Along the first axis it is one copy, past
 * the engine, if no tape records.
 * @param axis - Not negative.
 */
export function sliceAt(x: Tensor, axis: number, index: number): Tensor {
  const shape = x.shape.filter((_, i) => i !== axis);
  const { dtype } = x;
  const isPlain = dtype === "float32" || dtype === "int32" || dtype === "bool";
  if (axis === 0 && isPlain && hasReachableMemory() && !isRecording()) {
    const start = index * sizeOf(shape);
    const output = { shape, dtype };
    const made = computed([x], ([whole]) =>
      loop(engine().backend, [whole!], output, ([values], out) => copy(values!, start, out)),
    );
    if (made) return made;
  }
  const begin = x.shape.map((_, i) => (i === axis ? index : 0));
  const size = x.shape.map((each, i) => (i === axis ? 1 : each));
  return call("Reshape", call("Slice", x, { begin, size }), { shape });
}
