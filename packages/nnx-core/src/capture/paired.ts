/** @file Values that were tapped with the gradients that were found for them. */
import { tensorsIn } from "../ownership/tensors-in.ts";
import { isPlainObject } from "../data/plain-object.ts";
import type { StateLeaf } from "../state/state.ts";
import { isTensor, type Tensor, zeros } from "../tensor.ts";
import type { ValueAndGradient } from "./gradient-types.ts";
import type { RecordedLeaves } from "./recorded-states.ts";
import type { Tap, TapKind } from "./taps.ts";

/** A value's structure with each float32 tensor replaced by its gradient, everything else by `undefined`. */
function gradientsLike(value: unknown, next: (tensor: Tensor) => Tensor | undefined): unknown {
  if (isTensor(value)) return next(value);
  if (Array.isArray(value)) return value.map((item) => gradientsLike(item, next));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, gradientsLike(item, next)]));
  if (!isPlainObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, gradientsLike(item, next)]));
}

/** Of each kind, what each module has under each name. */
export type Paired = Readonly<Record<TapKind, ReadonlyMap<object, RecordedLeaves>>>;

/**
 * One leaf for each kind, module and name, with all its calls.
 * @param found - Gradients of the taps' tensors, in order; what the loss does not depend on gets zeros.
 */
export function paired(taps: readonly Tap[], found: readonly (Tensor | undefined)[]): Paired {
  const calls = new Map<StateLeaf, ValueAndGradient[]>();
  const all = {
    sown: new Map<object, Map<string, StateLeaf>>(),
    perturbed: new Map<object, Map<string, StateLeaf>>(),
    outputs: new Map<object, Map<string, StateLeaf>>(),
  } satisfies Record<TapKind, unknown>;
  let start = 0;
  for (const { kind, module, name, type, value } of taps) {
    let next = start;
    start += tensorsIn(value).length;
    const gradient = gradientsLike(value, ({ dtype, shape }) => {
      const own = found[next++];
      return dtype === "float32" ? (own ?? zeros(shape)) : undefined;
    });
    const ofModule = all[kind].get(module) ?? new Map<string, StateLeaf>();
    all[kind].set(module, ofModule);
    const known = ofModule.get(name);
    if (known) {
      calls.get(known)?.push({ value, gradient });
      continue;
    }
    const list = [{ value, gradient }];
    const leaf = Object.freeze({ type, value: list, metadata: noMetadata });
    calls.set(leaf, list);
    ofModule.set(name, leaf);
  }
  return all;
}

const noMetadata = Object.freeze({});
