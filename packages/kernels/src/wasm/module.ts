/** @file WebAssembly modules of kernels: compiled on first use, once for each memory. */
import type { WasmMemory } from "../memory/heap.ts";

/** A module, with the names of its functions. */
export interface WasmModule<F extends string = string> {
  /** Its bytes as text. `textOf` of `scripts/wasm-emitter` wrote it. */
  readonly text: string;
  /** Another module, whose functions this one is used with. */
  readonly and?: WasmModule;
  /** There is no such property. It keeps the names in the type. */
  readonly functions?: F;
}

/** A module with the functions of two. */
export const joined = <F extends string, G extends string>(
  { text }: WasmModule<F>,
  and: WasmModule<G>,
): WasmModule<F | G> => ({ text, and });

/** The functions of a module. They take addresses (in bytes) and numbers. */
export type WasmFunctions<F extends string> = Readonly<Record<F, (...parameters: number[]) => void>>;

/** Whether kernels are to be used at all. */
let isOn = true;

/**
 * Modules that this engine refuses: it has no WebAssembly or no SIMD, or a content security policy
 * forbids it.
 */
let refused = new WeakSet<WasmModule>();
const instances = new WeakMap<WasmMemory, Map<WasmModule, WasmFunctions<string>>>();

/** Modules with other functions of the same names, which are used in the place of a module's own. */
let substitutes: ReadonlyMap<WasmModule, WasmModule> = new Map();

/** From now on, modules that the map has use the functions of those that it has for them. */
export function substitute(modules: ReadonlyMap<WasmModule, WasmModule>): void {
  substitutes = modules;
}

/**
 * The modules that are used in the place of others: another object whenever results may differ in
 * their last bits.
 */
export const substitutesNow = (): object => substitutes;

/** The bytes that `textOf` of `scripts/wasm-emitter` wrote as text. */
export function bytesIn({ text }: WasmModule): ArrayBuffer {
  const bytes: number[] = [];
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const place = code === 33 ? 57 : code - 35;
    if (place < 90) bytes.push(high + place - 4);
    high = place < 90 ? 0 : 90 * (place - 89);
  }
  // An array of bytes takes -1 for 255.
  return Uint8Array.from(bytes).buffer;
}

/** Whether this engine knows all instructions of a module. */
export const isKnown = (module: WasmModule): boolean =>
  typeof WebAssembly !== "undefined" && WebAssembly.validate(bytesIn(module));

/**
 * Turns the kernels off, for tests and measurements, or lets them be tried again. While they are
 * off, everything is computed by tensorflow.js's kernels and by loops.
 */
export function useWasmKernels(on: boolean): void {
  isOn = on;
  refused = new WeakSet();
}

/** Whether the kernels may be used. */
export const areKernelsOn = (): boolean => isOn;

/**
 * Where the flag of the imported memory is: after the header, the section of types, and the import
 * section up to it.
 */
function memoryFlag(bytes: Uint8Array): number {
  const typesAt = 8;
  const types = bytes[typesAt + 1]!;
  // Id and length of the section, the number of imports, two names of one letter, and the kind.
  const flag = typesAt + 2 + types + 8;
  if (types > 127 || bytes[flag] !== 1) throw new Error("kernels: expected a module of this package.");
  return flag;
}

// By its name: in Jest, the buffers of memories have other classes than those that tests see.
const isShared = ({ buffer }: WasmMemory): boolean =>
  Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]";

/**
 * The functions of a module over a memory. Returns undefined where WebAssembly or its SIMD is
 * missing or forbidden, and while kernels are off.
 */
export function functionsOver<F extends string>(
  module: WasmModule<F>,
  memory: WasmMemory,
): WasmFunctions<F> | undefined {
  const substitute = substitutes.get(module) as WasmModule<F> | undefined;
  return (substitute && compiledOver(substitute, memory)) ?? compiledOver(module, memory);
}

function compiledOver<F extends string>(
  module: WasmModule<F>,
  memory: WasmMemory,
): WasmFunctions<F> | undefined {
  if (!isOn || refused.has(module)) return undefined;
  const known = instances.get(memory) ?? new Map<WasmModule, WasmFunctions<string>>();
  instances.set(memory, known);
  const compiled = known.get(module);
  if (compiled) return compiled;
  try {
    const bytes = new Uint8Array(bytesIn(module));
    // The threaded build of tensorflow.js has a shared memory, which a module has to ask for.
    if (isShared(memory)) bytes[memoryFlag(bytes)] = 3;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      // The interface stands for this type.
      m: { m: memory as WebAssembly.Memory },
    });
    // The emitter gave the module these functions, of numbers and without results.
    const own = exports as unknown as WasmFunctions<F>;
    const others = module.and && compiledOver(module.and, memory);
    if (module.and && !others) return undefined;
    const functions = { ...others, ...own };
    known.set(module, functions);
    return functions;
  } catch {
    refused.add(module);
    return undefined;
  }
}
