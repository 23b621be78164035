/** @file Kernels that compute each element of parts of rows from the same elements of other parts. */
import { type Code, i32, type Local, type, v128, when, whileTrue } from "./code.ts";
import type { Elementwise } from "./elementwise.ts";
import { define, type WasmFunction } from "./module.ts";

/**
 * A function `(…inputs, …outputs, …steps, length, rows)`: the addresses of the parts in the first row,
 * the bytes from row to row of each, how long a part is, and how many rows there are. It computes as
 * `elementwise`, but has the computation once: it asks at every step whether four elements are left.
 */
export function partsOfRows({
  inputs,
  outputs,
  step,
}: Pick<Elementwise, "inputs" | "outputs" | "step">): WasmFunction {
  const parts = inputs + outputs;
  return define(Array<typeof type.i32>(2 * parts + 2).fill(type.i32), (parameters, locals) => {
    const at = parameters.slice(0, parts);
    const steps = parameters.slice(parts, 2 * parts);
    const [length, rows] = parameters.slice(2 * parts) as [Local, Local];
    const [offset, left] = [locals.make(type.i32), locals.make(type.i32)];
    const make = (): Local => locals.make(type.v128);
    const x = Array.from({ length: inputs }, make);
    const { code = [], results } = step(x, [], make);
    const kept = results.map(make);
    const place = (i: number): Code => i32.add(at[i]!.get, offset.get);
    const load = (from: typeof v128.load): Code => x.flatMap((local, i) => local.set(from(place(i), 0)));
    const store = (to: typeof v128.store): Code =>
      kept.flatMap((local, i) => to(place(inputs + i), 0, local.get));
    const isWhole = i32.geS(left.get, i32.const(4));
    const done = (count: number): Code => [
      ...offset.increase(i32.const(4 * count)),
      ...left.increase(i32.const(-count)),
    ];
    return whileTrue(i32.gtS(rows.get, i32.const(0)), [
      ...offset.set(i32.const(0)),
      ...left.set(length.get),
      ...whileTrue(i32.gtS(left.get, i32.const(0)), [
        ...when(isWhole, load(v128.load), load(v128.loadOne)),
        ...code,
        ...kept.flatMap((local, i) => local.set(results[i]!)),
        ...when(isWhole, [...store(v128.store), ...done(4)], [...store(v128.storeOne), ...done(1)]),
      ]),
      ...at.flatMap((local, i) => local.increase(steps[i]!.get)),
      ...rows.increase(i32.const(-1)),
    ]);
  });
}
