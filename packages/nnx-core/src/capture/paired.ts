/** @file Values that were tapped with the gradients that were found for them. */
import { tensorsIn } from "../ownership/tensors-in.ts";
import { isPlainObject } from "../plain-object.ts";
import type { FlatEntry } from "../state/flatten-state.ts";
import { isTensor, type Tensor, zeros } from "../tensor.ts";
import type { ValueAndGradient } from "./gradient-types.ts";
import type { Tap, TapKind } from "./taps.ts";

/** A value's structure with each float32 tensor replaced by its gradient, everything else by `undefined`. */
function gradientsLike(value: unknown, next: (tensor: Tensor) => Tensor | undefined): unknown {
  if (isTensor(value)) return next(value);
  if (Array.isArray(value)) return value.map((item) => gradientsLike(item, next));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, gradientsLike(item, next)]));
  if (!isPlainObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, gradientsLike(item, next)]));
}

/**
 * One leaf for each kind and path, with all its calls.
 * @param found - Gradients of the taps' tensors, in order; what the loss does not depend on gets zeros.
 */
export function paired(
  taps: readonly Tap[],
  found: readonly (Tensor | undefined)[],
): Record<TapKind, FlatEntry[]> {
  const callsOf = new Map<object, Map<string, ValueAndGradient[]>>();
  const entries: Record<TapKind, FlatEntry[]> = { sown: [], perturbed: [], outputs: [] };
  let start = 0;
  for (const tap of taps) {
    let next = start;
    start += tensorsIn(tap.value).length;
    const gradient = gradientsLike(tap.value, ({ dtype, shape }) => {
      const own = found[next++];
      return dtype === "float32" ? (own ?? zeros(shape)) : undefined;
    });
    const call = { value: tap.value, gradient };
    // By module and name: paths may look the same where names have dots in them.
    const ofModule = callsOf.get(tap.module) ?? new Map<string, ValueAndGradient[]>();
    callsOf.set(tap.module, ofModule);
    const key = `${tap.kind} ${tap.path.at(-1)}`;
    const calls = ofModule.get(key);
    if (calls) {
      calls.push(call);
      continue;
    }
    const value = [call];
    ofModule.set(key, value);
    entries[tap.kind].push([tap.path, Object.freeze({ type: tap.type, value, metadata: noMetadata })]);
  }
  return entries;
}

const noMetadata = Object.freeze({});
