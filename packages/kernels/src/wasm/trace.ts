/**
 * @file Finds out which WebAssembly functions a kernel calls, and with what: for tensors of the same
 * shapes the same calls can be made again without the kernel's own code, which costs more than the
 * calls where tensors are small.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { ArrayBackend, HeapBackend } from "../memory/access.ts";
import type { WasmMemory } from "./module.ts";

type WasmFunction = (...parameters: number[]) => void;

/**
 * What a kernel works on: one of its inputs, one of its results, or memory that it needs for the
 * time of its run. Sizes are in bytes.
 */
export type PlannedPlace =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "result"; readonly index: number; readonly bytes: number }
  | { readonly kind: "own"; readonly bytes: number };

/** One call. Its parameters are numbers, or a place and a distance from it in bytes. */
export interface PlannedCall {
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

/** Functions that note their calls. */
const noting = (
  functions: TracedRun["functions"],
  notes: Noted[],
  isRun: boolean,
): Record<string, WasmFunction> =>
  Object.fromEntries(
    Object.entries(functions).map(([name, run]) => [
      name,
      (...parameters: number[]) => {
        notes.push({ run, parameters });
        if (isRun) run(...parameters);
      },
    ]),
  );

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
  private readonly freed = new Set<object>();

  constructor(backend: HeapBackend | ArrayBackend, inputs: readonly TensorInfo[]) {
    this.backend = backend;
    for (const [index, { dataId }] of inputs.entries()) {
      if (!this.placeOf.has(dataId)) this.placeOf.set(dataId, index);
      this.places.push({ kind: "input", index });
    }
    this.spy = spyOn(backend, {
      refuse: () => {
        this.isRefused = true;
      },
      freed: (dataId) => this.freed.add(dataId),
    });
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
    const real: Noted[] = [];
    const isOpen: boolean[] = [];
    const watched = {
      get memory(): WasmMemory {
        isOpen.push(true);
        return memory;
      },
    };
    // Functions may take the memory by name, so that it must be a property of its own.
    const at = (places: Omit<Parameters<TracedRun["run"]>[1], "memory">): Parameters<TracedRun["run"]>[1] =>
      Object.defineProperties(places, Object.getOwnPropertyDescriptors(watched)) as Parameters<
        TracedRun["run"]
      >[1];
    run(noting(functions, real, true), at({ inputs: from, outputs: to, scratch }));
    if (this.isRefused || isOpen.length > 0) {
      this.refuse();
      return;
    }
    const symbolic: Noted[] = [];
    run(
      noting(functions, symbolic, false),
      at({ inputs: reads.map(standIn), outputs: writes.map(standIn), scratch: standIn(SCRATCH) }),
    );
    const addresses = new Map<number, number>([[SCRATCH, scratch]]);
    for (const [i, place] of reads.entries()) addresses.set(place, from[i]!);
    for (const [i, place] of writes.entries()) addresses.set(place, to[i]!);
    if (symbolic.length !== real.length) {
      this.refuse();
      return;
    }
    for (const [i, { run: call, parameters }] of symbolic.entries()) {
      const same = real[i]!;
      if (same.run !== call || same.parameters.length !== parameters.length) {
        this.refuse();
        return;
      }
      const [numbersOf, placesOf]: [number[], number[]] = [[], []];
      for (const [k, parameter] of parameters.entries()) {
        const value = same.parameters[k]!;
        if (Object.is(value, parameter)) {
          numbersOf.push(value);
          placesOf.push(-1);
          continue;
        }
        const place = Math.floor(parameter / PLACE) - 1;
        const distance = parameter - standIn(place);
        if (addresses.get(place) === undefined || addresses.get(place)! + distance !== value) this.refuse();
        numbersOf.push(distance);
        placesOf.push(place);
      }
      this.calls.push({ run: call, parameters: numbersOf, places: placesOf });
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
    const calls = this.calls.map((call) => ({
      ...call,
      places: call.places.map((place) => (place === SCRATCH ? places.length : place)),
    }));
    return { places, scratch: this.scratch, calls };
  }
}

/** What data look like from outside of the functions. */
interface DataMap {
  get(dataId: object): Readonly<Record<string, unknown>> | undefined;
}

/** A backend that tells what else than functions is used. */
function spyOn(
  backend: HeapBackend | ArrayBackend,
  notes: { refuse(): void; freed(dataId: object): void },
): object {
  const { dataIdMap } = backend as unknown as { readonly dataIdMap: DataMap };
  const known = new Set(["shape", "dtype"]);
  const data: DataMap = {
    get: (dataId) =>
      new Proxy(dataIdMap.get(dataId) ?? {}, {
        get: (target, name) => {
          if (!known.has(String(name))) notes.refuse();
          return target[String(name)];
        },
      }),
  };
  const allowed: Readonly<Record<string, unknown>> = {
    dataIdMap: data,
    disposeData: (dataId: object): boolean => {
      notes.freed(dataId);
      return backend.disposeData(dataId);
    },
  };
  return new Proxy(backend, {
    get: (target, name) => {
      if (Object.hasOwn(allowed, name)) return allowed[String(name)];
      const value = (target as unknown as Readonly<Record<string | symbol, unknown>>)[name];
      // On cpu, what the backend has of tensors is in there.
      if (name === "data") notes.refuse();
      if (typeof value !== "function") return value;
      // Whatever it does, it is not in the plan.
      notes.refuse();
      return value.bind(target);
    },
  });
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
