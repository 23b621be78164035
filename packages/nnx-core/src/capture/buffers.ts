/** @file What a capture records: per module, type and name, one value. */
import { describe, NnxError } from "../errors.ts";
import { handOver, retain } from "../ownership/holders.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path } from "../path.ts";
import { add, alias, type Tensor, zerosLike } from "../tensor.ts";
import type { VariableType } from "../variable/variable-state.ts";
import type { CapturedModules, Reduction, Session } from "./session.ts";

type Buffer = Map<string, unknown>;

/** The recordings of one run of a captured function. */
export class Buffers implements Session {
  private readonly byModule = new Map<object, Map<VariableType, Buffer>>();
  /** As which type each name was sown, for the error that two types are one name. */
  private readonly sownAs = new Map<object, Map<string, VariableType>>();
  private readonly modules: CapturedModules;
  private readonly types: readonly VariableType[];
  private readonly outputs: VariableType | undefined;

  /** @param types - Recordings of exactly these types are kept. @param outputs - As what methods' results are recorded. */
  constructor(modules: CapturedModules, types: readonly VariableType[], outputs: VariableType | undefined) {
    this.modules = modules;
    this.types = types;
    this.outputs = outputs;
    for (const [module] of modules)
      this.byModule.set(module, new Map(types.map((type) => [type, new Map()])));
  }

  /** Gives a module a value before the run, of a type that need not be among those asked for. */
  fill(module: object, type: VariableType, name: string, value: unknown): void {
    const ofModule = this.byModule.get(module);
    const buffer: Buffer = ofModule?.get(type) ?? new Map();
    ofModule?.set(type, buffer);
    write(buffer, name, value);
  }

  sow(
    module: object,
    type: VariableType,
    name: string,
    value: unknown,
    { reduceFn, initFn }: Reduction,
  ): boolean {
    const buffer = this.byModule.get(module)?.get(type);
    if (!buffer) return false;
    const names = this.sownAs.get(module) ?? new Map<string, VariableType>();
    const before = names.get(name) ?? type;
    if (before !== type) {
      throw new NnxError(
        `sow at ${this.place(module, name)}: expected ${type.typeName} values under a name of their own, got a name that ` +
          `${before.typeName} values have. Sow one of them under another name.`,
      );
    }
    this.sownAs.set(module, names.set(name, type));
    // Tensor objects of its own, so that whoever disposes the recording does not take the run's values with it.
    const own = mapTensors(value, alias);
    write(buffer, name, reduceFn(buffer.has(name) ? buffer.get(name) : initFn(), own));
    return true;
  }

  perturb(module: object, type: VariableType, name: string, value: unknown): unknown {
    const buffer = this.byModule.get(module)?.get(type);
    if (!buffer) return value;
    if (!buffer.has(name)) write(buffer, name, mapTensors(value, zerosLike));
    return addNested(value, buffer.get(name), () => this.place(module, name));
  }

  output(module: object, name: string, value: unknown): unknown {
    if (this.outputs) this.sow(module, this.outputs, name, value, collecting);
    return value;
  }

  /** Everything recorded under one of the types asked for. */
  *recorded(): Generator<readonly [path: Path, type: VariableType, value: unknown]> {
    for (const [module, path] of this.modules) {
      for (const type of this.types) {
        for (const [name, value] of this.byModule.get(module)?.get(type) ?? [])
          yield [[...path, name], type, value];
      }
    }
  }

  /** Stops holding what was recorded: it is the open scope's now, or the caller's. */
  letGo(): void {
    for (const ofModule of this.byModule.values()) {
      for (const buffer of ofModule.values()) for (const value of buffer.values()) handOver(value);
    }
  }

  private place(module: object, name: string): string {
    return formatPath([...(this.modules.pathOf(module) ?? []), name]);
  }
}

/** One element for each call, in order: what `sow` does where nothing else is asked for. */
export const collecting: Reduction = {
  reduceFn: (previous, value) => [...(previous as readonly unknown[]), value],
  initFn: () => [],
};

/** What is in buffers outlives the scopes inside the captured run. */
function write(buffer: Buffer, name: string, value: unknown): void {
  const previous = buffer.get(name);
  retain(value);
  buffer.set(name, value);
  handOver(previous);
}

function addNested(value: unknown, stored: unknown, place: () => string): unknown {
  const perturbations = tensorsIn(stored);
  let next = 0;
  return mapTensors(value, (tensor): Tensor => {
    const perturbation = perturbations[next++];
    if (perturbation && String(perturbation.shape) === String(tensor.shape)) return add(tensor, perturbation);
    throw new NnxError(
      `perturb at ${place()}: expected a stored perturbation of shape [${tensor.shape.join(",")}], got ${describe(perturbation)}. ` +
        "Initialize the perturbations with an input of the shape that the run has.",
    );
  });
}
