/** @file WebAssembly functions whose parameters have names. */
import { type Code, type Local, type Locals, type } from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

/** A function of integers, which gets its parameters by their names. */
export const named = <N extends string>(
  names: readonly N[],
  body: (parameters: Readonly<Record<N, Local>>, locals: Locals) => Code,
): WasmFunction =>
  define(
    names.map(() => type.i32),
    (parameters, locals) =>
      // One parameter for each name.
      body(Object.fromEntries(names.map((name, i) => [name, parameters[i]!])) as Record<N, Local>, locals),
  );
