/** @file The parameters of a step, with their gradients and updates. */
import { hashOf } from "../data/hash.ts";
import { type Path, pathKey } from "../path.ts";
import { flattenState } from "../state/flatten-state.ts";
import { leafValue, type State } from "../state/state.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import type { Measured } from "./found.ts";
import type { Parameter } from "./parameter-flags.ts";
import type { Place } from "./places.ts";
import type { Reading } from "./reading.ts";
import { measure } from "./summarize.ts";

const tensorsIn = (values: State): ReadonlyMap<string, readonly [path: Path, tensor: Tensor]> =>
  new Map(
    flattenState(values).flatMap(([path, leaf]) => {
      const value: unknown = leafValue(leaf);
      return isTensor(value) ? [[pathKey(path), [path, value] as const] as const] : [];
    }),
  );

export function* parametersOf(
  before: State,
  after: State | undefined,
  rows: readonly Measured[],
  bins: number,
): Reading<Parameter[]> {
  const gradients = new Map(
    rows.flatMap((row) =>
      row.place.section === "gradients" ? [[pathKey(row.place.path), row] as const] : [],
    ),
  );
  const order = new Map([...gradients.keys()].map((key, i) => [key, i] as const));
  const later = after && tensorsIn(after);
  const parameters: Parameter[] = [];
  const sorted = [...tensorsIn(before)].sort(([a], [b]) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  for (const [key, [path, tensor]] of sorted) {
    const values = yield tensor;
    const place: Place = { path, part: "parameters", tensor, section: "parameters" };
    const next = later?.get(key)?.[1];
    const gradient = gradients.get(key);
    let update: Measured | undefined;
    let gain = 0;
    if (next && next.size === tensor.size) {
      const changed = next === tensor ? values : yield next;
      const difference = Float32Array.from(changed, (x, i) => x - (values[i] as number));
      const slopes = gradient ? yield gradient.place.tensor : [];
      // Without a gradient there are no slopes.
      for (let i = 0; i < slopes.length; i++) gain -= (slopes[i] as number) * (difference[i] as number);
      update = measure({ ...place, part: "updates", section: "updates" }, difference, bins);
    }
    const value = measure(place, values, bins);
    parameters.push({ value, gradient, update, gain, hash: hashOf(values) });
  }
  return parameters;
}
