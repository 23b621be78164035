/** @file WebAssembly modules: functions that are exported, over an imported memory. */
import { type Code, type Local, Locals, unsigned, type ValueType } from "./code.ts";

/** One function without a result. */
export interface WasmFunction {
  readonly parameters: readonly ValueType[];
  readonly locals: Locals;
  readonly body: Code;
}

/** Writes a function. The body gets its parameters, and makes other locals as it needs them. */
export function define(
  parameters: readonly ValueType[],
  body: (parameters: readonly Local[], locals: Locals) => Code,
): WasmFunction {
  const locals = new Locals();
  const given = parameters.map((of) => locals.make(of));
  return { parameters, locals, body: body(given, locals) };
}

/** The size of a memory, in pages of 64 KB. */
export interface Pages {
  readonly least: number;
  readonly most: number;
}

/** Any memory, up to the 4 GB that WebAssembly can address. */
export const anyMemory: Pages = { least: 0, most: 65536 };

const withLength = (...content: Code[]): Code => {
  const bytes = content.flat();
  return [...unsigned(bytes.length), ...bytes];
};
const section = (id: number, ...content: Code[]): Code => [id, ...withLength(...content)];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const name = (text: string): Code => withLength([...new TextEncoder().encode(text)]);

/** The declared locals, as runs of one type. */
function declarations({ parameters, locals }: WasmFunction): Code {
  const runs: { of: ValueType; count: number }[] = [];
  for (const of of locals.types.slice(parameters.length)) {
    const last = runs.at(-1);
    if (last?.of === of) last.count++;
    else runs.push({ of, count: 1 });
  }
  return list(runs.map((run) => [...unsigned(run.count), run.of]));
}

/**
 * A module that imports the memory `m.m` and exports its functions by name. `call(0)` calls the
 * first.
 */
export function encodeModule(
  functions: Readonly<Record<string, WasmFunction>>,
  { least, most }: Pages,
): Uint8Array<ArrayBuffer> {
  const all = Object.values(functions);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(all.map(({ parameters }) => [0x60, ...list(parameters.map((of) => [of])), 0]))),
    // A memory (2) with a maximum (1). What loads a module makes the 1 a 3 for a shared memory.
    ...section(2, [1], name("m"), name("m"), [2, 1], unsigned(least), unsigned(most)),
    ...section(3, list(all.map((_, i) => unsigned(i)))),
    ...section(7, list(Object.keys(functions).map((key, i) => [...name(key), 0, ...unsigned(i)]))),
    ...section(10, list(all.map((each) => withLength(declarations(each), each.body, [0x0b])))),
  ]);
}
