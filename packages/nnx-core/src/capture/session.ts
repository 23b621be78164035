/** @file The captures that are open now, and what they recorded: beside the modules, never on them. */
import { handOver, retain } from "../ownership/holders.ts";
import type { Path } from "../path.ts";
import type { VariableType } from "../variable/variable-state.ts";

/** What one module recorded under one type, by name. */
export type Buffer = Map<string, unknown>;

/** The innermost capture is last. */
const openSessions: Session[] = [];

/** One run of a captured function. */
export class Session {
  private readonly buffers = new Map<object, Map<VariableType, Buffer>>();
  private readonly paths = new Map<object, Path>();
  private readonly types: readonly VariableType[];

  /** @param modules - Those whose recordings are wanted, with their paths. */
  constructor(modules: Iterable<readonly [Path, object]>, types: readonly VariableType[]) {
    this.types = types;
    for (const [path, module] of modules) {
      this.paths.set(module, path);
      this.buffers.set(module, new Map(types.map((type) => [type, new Map()])));
    }
  }

  /** The buffer of exactly this type, where the module is captured and the type asked for. */
  bufferOf(module: object, type: VariableType): Buffer | undefined {
    return this.buffers.get(module)?.get(type);
  }

  /** Gives a module a value before the run, of a type that need not be among those asked for. */
  fill(module: object, type: VariableType, name: string, value: unknown): void {
    const ofModule = this.buffers.get(module);
    const buffer = ofModule?.get(type) ?? new Map<string, unknown>();
    ofModule?.set(type, buffer);
    write(buffer, name, value);
  }

  /** Everything recorded under one of the types asked for. */
  *recorded(): Generator<readonly [path: Path, type: VariableType, value: unknown]> {
    for (const [module, ofModule] of this.buffers) {
      const path = this.paths.get(module) as Path;
      for (const type of this.types) {
        for (const [name, value] of ofModule.get(type) ?? []) yield [[...path, name], type, value];
      }
    }
  }

  /** Runs `f` with this capture open, and closes it however `f` ends. */
  while<R>(f: () => R): R {
    openSessions.push(this);
    try {
      return f();
    } finally {
      openSessions.splice(openSessions.lastIndexOf(this), 1);
    }
  }

  /** Stops holding what was recorded: it is the open scope's now, or the caller's. */
  letGo(): void {
    for (const ofModule of this.buffers.values()) {
      for (const buffer of ofModule.values()) for (const value of buffer.values()) handOver(value);
    }
  }
}

/** Writes into a buffer; what is in buffers outlives the scopes inside the captured run. */
export function write(buffer: Buffer, name: string, value: unknown): void {
  const previous = buffer.get(name);
  retain(value);
  buffer.set(name, value);
  handOver(previous);
}

/** Whether any capture is open: the first thing to ask, since most runs have none. */
export const isCapturing = (): boolean => openSessions.length > 0;

/** The buffers that record this module under exactly this type, innermost capture first. */
export function* buffersFor(module: object, type: VariableType): Generator<Buffer> {
  for (let i = openSessions.length - 1; i >= 0; i--) {
    const buffer = openSessions[i]?.bufferOf(module, type);
    if (buffer) yield buffer;
  }
}
