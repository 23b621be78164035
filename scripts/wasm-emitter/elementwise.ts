/** @file Kernels that compute each element of their outputs from the same elements of their inputs. */
import { type Code, f32x4, i32, type Local, Locals, type, v128, whileTrue } from "./code.ts";
import type { WasmFunction } from "./module.ts";

/** What {@link elementwise} makes a kernel of. */
export interface Elementwise {
  /** How many arrays are read, and how many written. */
  readonly inputs: number;
  readonly outputs: number;
  /** How many numbers the kernel takes after the addresses and the length. */
  readonly scalars?: number;
  /**
   * The computation for four elements.
   * @param x - Four elements of each input.
   * @param scalar - Each number, four times.
   * @param make - Makes a local variable for a vector.
   * @returns Code that runs first, and a value for each output.
   */
  readonly step: (
    x: readonly Local[],
    scalar: readonly Local[],
    make: () => Local,
  ) => { readonly code?: Code; readonly results: readonly Code[] };
}

/**
 * A function `(…inputs, …outputs, length, …scalars)`. It works on four elements at a time, and on
 * the rest one by one with the same instructions, so that an element's result does not depend on
 * its position. It writes to nothing but the elements. An output may be an input.
 */
export function elementwise({ inputs, outputs, scalars = 0, step }: Elementwise): WasmFunction {
  const addresses = inputs + outputs;
  const parameters = [
    ...Array<typeof type.i32>(addresses + 1).fill(type.i32),
    ...Array<typeof type.f32>(scalars).fill(type.f32),
  ];
  const locals = new Locals();
  const given = parameters.map((of) => locals.make(of));
  const at = given.slice(0, addresses);
  const length = given[addresses]!;
  const make = (): Local => locals.make(type.v128);
  const end = locals.make(type.i32);
  const x = Array.from({ length: inputs }, make);
  const splats = Array.from({ length: scalars }, make);
  const { code = [], results } = step(x, splats, make);
  const kept = results.map(make);

  const begin: Code = splats.flatMap((local, i) => local.set(f32x4.splat(given[addresses + 1 + i]!.get)));
  const load = (from: typeof v128.load): Code => x.flatMap((local, i) => local.set(from(at[i]!.get, 0)));
  const compute: Code = [...code, ...kept.flatMap((local, i) => local.set(results[i]!))];
  const store = (to: typeof v128.store): Code =>
    kept.flatMap((local, i) => to(at[inputs + i]!.get, 0, local.get));
  const move = (bytes: Code): Code => at.flatMap((local) => local.increase(bytes));
  const first = at[0]!;
  const body: Code = [
    ...begin,
    // The first address runs to here by whole vectors, and then by the elements that are left.
    ...end.set(i32.add(first.get, i32.shl(i32.and(length.get, i32.const(-4)), i32.const(2)))),
    ...whileTrue(i32.ltU(first.get, end.get), [
      ...load(v128.load),
      ...compute,
      ...store(v128.store),
      ...move(i32.const(16)),
    ]),
    ...end.increase(i32.shl(i32.and(length.get, i32.const(3)), i32.const(2))),
    ...whileTrue(i32.ltU(first.get, end.get), [
      ...load(v128.loadOne),
      ...compute,
      ...store(v128.storeOne),
      ...move(i32.const(4)),
    ]),
  ];
  return { parameters, locals, body };
}
