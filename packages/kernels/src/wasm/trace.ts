/**
 * @file Finds out which WebAssembly functions a kernel calls, and with what: for tensors of the same
 * shapes the same calls can be made again without the kernel's own code, which costs more than the
 * calls where tensors are small.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { ArrayBackend, HeapBackend } from "../memory/access.ts";
import type { WasmMemory } from "../memory/heap.ts";
import { spyOn } from "./spy.ts";

type WasmFunction = (...parameters: number[]) => void;

/**
 * What a kernel works on: one of its inputs, one of its results, or memory that it needs for the
 * time of its run. Sizes are in bytes.
 */
type PlannedPlace =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "result"; readonly index: number; readonly bytes: number }
  | { readonly kind: "own"; readonly bytes: number };

/** One call. Its parameters are numbers, or a place and a distance from it in bytes. */
interface PlannedCall {
  readonly run: WasmFunction;
  /** The parameters; where there is a place, the distance from it. */
  readonly parameters: readonly number[];
  /** The place of each parameter, or -1. The number after the last place is the scratch memory. */
  readonly places: readonly number[];
}

/** All calls of a kernel. */
export interface KernelPlan {
  readonly places: readonly PlannedPlace[];
  /** How much scratch memory the calls need. */
  readonly scratch: number;
  readonly calls: readonly PlannedCall[];
}

/** A run of functions, as `wasmRun` has it, with all that it needs at hand. */
interface TracedRun {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** The addresses of all. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** How much scratch memory it asked for, and where it is. */
  readonly bytes: number;
  readonly scratch: number;
  readonly functions: Readonly<Record<string, WasmFunction>>;
  readonly memory: WasmMemory;
  readonly run: (
    functions: Readonly<Record<string, WasmFunction>>,
    places: {
      readonly inputs: readonly number[];
      readonly outputs: readonly number[];
      readonly scratch: number;
      readonly memory: WasmMemory;
    },
  ) => void;
}

/** Numbers from here on stand for places. No address is as large. */
const PLACE = 2 ** 40;
/** The place of the scratch memory. A kernel has fewer inputs and results. */
const SCRATCH = 2 ** 12;
const standIn = (place: number): number => (place + 1) * PLACE;

interface Noted {
  readonly run: WasmFunction;
  readonly parameters: readonly number[];
}

/** The calls that are noted now, and whether the functions run, too. */
let notes: Noted[] = [];
let isRun = false;

/** Functions that note their calls, for each set of functions. */
const noting = new WeakMap<TracedRun["functions"], TracedRun["functions"]>();

function notingFor(functions: TracedRun["functions"]): TracedRun["functions"] {
  let made = noting.get(functions);
  if (!made) {
    made = Object.fromEntries(
      Object.entries(functions).map(([name, run]) => [
        name,
        (...parameters: number[]) => {
          notes.push({ run, parameters });
          if (isRun) run(...parameters);
        },
      ]),
    );
    noting.set(functions, made);
  }
  return made;
}

/**
 * A call with places in its parameters.
 * @param call - Its parameters stand for places.
 * @param real - The call with real addresses.
 * @returns nothing where one is not made of the other.
 */
function plannedCall(
  call: Noted,
  real: Noted,
  addresses: ReadonlyMap<number, number>,
): PlannedCall | undefined {
  const count = call.parameters.length;
  if (real.run !== call.run || real.parameters.length !== count) return undefined;
  const [parameters, places]: [number[], number[]] = [[], []];
  for (let k = 0; k < count; k++) {
    const parameter = call.parameters[k]!;
    const value = real.parameters[k]!;
    if (Object.is(value, parameter)) {
      parameters.push(value);
      places.push(-1);
      continue;
    }
    const place = Math.floor(parameter / PLACE) - 1;
    const distance = parameter - standIn(place);
    const address = addresses.get(place);
    if (address === undefined || address + distance !== value) return undefined;
    parameters.push(distance);
    places.push(place);
  }
  return { run: call.run, parameters, places };
}

/** By backend: what kernels that are traced get in its place. */
const spies = new WeakMap<object, object>();

/** The trace that goes on. */
class Trace {
  /** What the kernel gets in the place of the backend. */
  readonly spy: object;
  readonly backend: HeapBackend | ArrayBackend;
  /** Whether the kernel does something else than calling functions. */
  isRefused = false;
  /** Whether functions are about to run for the kernel. */
  isOpen = false;
  private readonly calls: PlannedCall[] = [];
  private scratch = 0;
  private readonly places: PlannedPlace[] = [];
  private readonly placeOf = new Map<object, number>();
  readonly freed: Set<object> = new Set();

  constructor(backend: HeapBackend | ArrayBackend, inputs: readonly TensorInfo[]) {
    this.backend = backend;
    for (let index = 0; index < inputs.length; index++) {
      const { dataId } = inputs[index]!;
      if (!this.placeOf.has(dataId)) this.placeOf.set(dataId, index);
      this.places.push({ kind: "input", index });
    }
    let spy = spies.get(backend);
    if (!spy) {
      spy = spyOn(backend, {
        refuse: () => tracing?.refuse(),
        freed: (dataId) => tracing?.freed.add(dataId),
      });
      spies.set(backend, spy);
    }
    this.spy = spy;
  }

  /** Runs functions, and notes their calls. */
  run({ inputs, outputs, from, to, bytes, scratch, functions, memory, run }: TracedRun): void {
    const numbers = (infos: readonly TensorInfo[]): number[] =>
      infos.map(({ dataId }) => this.placeOf.get(dataId) ?? this.refuse());
    for (const { dataId, shape, dtype } of outputs) {
      this.placeOf.set(dataId, this.places.length);
      const size = shape.reduce((product, length) => product * length, 1);
      this.places.push({ kind: "own", bytes: size * (dtype === "bool" ? 1 : 4) });
    }
    this.scratch = Math.max(this.scratch, bytes);
    const [reads, writes] = [numbers(inputs), numbers(outputs)];
    const memoryIs = { taken: false };
    const calls = (places: Omit<Parameters<TracedRun["run"]>[1], "memory">, runs: boolean): Noted[] => {
      notes = [];
      isRun = runs;
      run(notingFor(functions), {
        ...places,
        // Functions may take the memory by name, so that it must be a property of its own.
        get memory(): WasmMemory {
          memoryIs.taken = true;
          return memory;
        },
      });
      return notes;
    };
    const real = calls({ inputs: from, outputs: to, scratch }, true);
    if (this.isRefused || memoryIs.taken) {
      this.refuse();
      return;
    }
    const symbolic = calls(
      { inputs: reads.map(standIn), outputs: writes.map(standIn), scratch: standIn(SCRATCH) },
      false,
    );
    if (symbolic.length !== real.length) {
      this.refuse();
      return;
    }
    const addresses = new Map<number, number>([[SCRATCH, scratch]]);
    for (let i = 0; i < reads.length; i++) addresses.set(reads[i]!, from[i]!);
    for (let i = 0; i < writes.length; i++) addresses.set(writes[i]!, to[i]!);
    for (let i = 0; i < symbolic.length; i++) {
      const planned = plannedCall(symbolic[i]!, real[i]!, addresses);
      if (planned) this.calls.push(planned);
      else this.refuse();
    }
    if (this.places.length >= SCRATCH) this.refuse();
  }

  /** The kernel has another way, which is not seen here. */
  refuse(): number {
    this.isRefused = true;
    return 0;
  }

  /** The plan, if the kernel did nothing but call functions. */
  plan(results: readonly TensorInfo[]): KernelPlan | undefined {
    if (this.isRefused || this.calls.length === 0) return undefined;
    const places = [...this.places];
    for (const [index, { dataId }] of results.entries()) {
      const at = this.placeOf.get(dataId);
      const place = at === undefined ? undefined : places[at];
      // A result that is an input, or two results that are one.
      if (at === undefined || place?.kind !== "own" || this.freed.has(dataId)) return undefined;
      places[at] = { kind: "result", index, bytes: place.bytes };
    }
    for (const [dataId, at] of this.placeOf)
      if (places[at]!.kind === "own" && !this.freed.has(dataId)) return undefined;
    const calls = this.calls.map(({ run, parameters, places: own }) => ({
      run,
      parameters,
      places: own.map((place) => (place === SCRATCH ? places.length : place)),
    }));
    return { places, scratch: this.scratch, calls };
  }
}

/** The trace of the kernel that is running. */
export let tracing: Trace | undefined;

/**
 * Runs a kernel on the cpu or wasm backend, and finds out whether it can be run by its calls alone.
 * @param run - Gets what stands for the backend.
 */
export function traced<R extends TensorInfo | readonly TensorInfo[]>(
  backend: object,
  inputs: readonly TensorInfo[],
  run: (backend: object) => R,
): { readonly result: R; readonly plan: KernelPlan | undefined } {
  const trace = new Trace(backend as HeapBackend | ArrayBackend, inputs);
  tracing = trace;
  let result: R;
  try {
    result = run(trace.spy);
  } finally {
    tracing = undefined;
  }
  return { result, plan: trace.plan((Array.isArray(result) ? result : [result]) as TensorInfo[]) };
}
