/** @file What a capture records: per module, type and name, one value. */
import { describe, NnxError } from "../errors.ts";
import { discard, handOver, retain } from "../ownership/holders.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath } from "../path.ts";
import type { StateLeaf } from "../state/state.ts";
import { add, alias, type Tensor, zerosLike } from "../tensor.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { hiddenTensors, refuseHidden, SownTypes } from "../recording/recordable.ts";
import { type RecordedTree, treeOf } from "./recorded-states.ts";
import { type CapturedModules, collecting, type Reduction, type Session } from "../recording/session.ts";

type Buffer = Map<string, unknown>;

/** The recordings of one run of a captured function. */
export class Buffers implements Session {
  private readonly byModule = new Map<object, Map<VariableType, Buffer>>();
  private readonly sownTypes = new SownTypes();
  /** Tensors that were there before the run: whoever made them frees them. */
  private readonly given = new Set<Tensor>();
  private isLetGo = false;
  readonly modules: CapturedModules;
  private readonly types: readonly VariableType[];
  private readonly outputs: VariableType | undefined;

  /** @param types - Recordings of exactly these types are kept. @param outputs - As what methods' results are recorded. */
  constructor(modules: CapturedModules, types: readonly VariableType[], outputs: VariableType | undefined) {
    this.modules = modules;
    this.types = types;
    this.outputs = outputs;
  }

  /** What a module has recorded of a type; `undefined` for types that nobody asked for. */
  private bufferOf(module: object, type: VariableType): Buffer | undefined {
    if (!this.modules.has(module)) return undefined;
    const ofModule = this.byModule.get(module);
    const known = ofModule?.get(type);
    if (known || !this.types.includes(type)) return known;
    return this.newBuffer(module, type);
  }

  private newBuffer(module: object, type: VariableType): Buffer {
    const ofModule = this.byModule.get(module) ?? new Map<VariableType, Buffer>();
    this.byModule.set(module, ofModule);
    const created: Buffer = new Map();
    ofModule.set(type, created);
    return created;
  }

  /** Gives a module a value before the run, of a type that need not be among those asked for. */
  fill(module: object, type: VariableType, name: string, value: unknown): void {
    const buffer = this.byModule.get(module)?.get(type) ?? this.newBuffer(module, type);
    buffer.set(name, value);
    for (const tensor of tensorsIn(value)) this.given.add(tensor);
  }

  sow(module: object, type: VariableType, name: string, value: unknown, reduction: Reduction): boolean {
    const buffer = this.bufferOf(module, type);
    if (!buffer) return false;
    const place = () => this.place(module, name);
    // What methods return is looked at before it comes here.
    if (reduction !== ofMethods) refuseHidden("sow", value, place);
    this.sownTypes.note(module, name, type, place);
    const { reduceFn, initFn } = reduction;
    const previous = buffer.has(name) ? buffer.get(name) : initFn();
    if (reduceFn === collecting.reduceFn && !Array.isArray(previous)) {
      throw new NnxError(
        `sow at ${place()}: expected init to have a list of values to go on with, got ${describe(previous)}. ` +
          "Leave it out of init, or sow with initFn and reduceFn that go on with it.",
      );
    }
    // Tensor objects of its own, so that whoever disposes the recording does not take the run's values with it.
    const own = mapTensors(value, alias);
    const reduced = reduceFn(previous, own);
    if (reduceFn !== collecting.reduceFn) refuseHidden("sow", reduced, place);
    this.write(buffer, name, reduced);
    return true;
  }

  perturb(module: object, type: VariableType, name: string, value: unknown): unknown {
    const buffer = this.bufferOf(module, type);
    if (!buffer) return value;
    if (!buffer.has(name)) this.write(buffer, name, mapTensors(value, zerosLike));
    return addNested(value, buffer.get(name), () => this.place(module, name));
  }

  output(module: object, name: string, value: unknown): unknown {
    if (this.outputs && !hiddenTensors(value)) this.sow(module, this.outputs, name, value, ofMethods);
    return value;
  }

  /** Everything recorded, a tree for each of the types asked for. @throws {@link NnxError} for names that are in each other's way. */
  recorded(): RecordedTree[] {
    return this.types.map((type) =>
      treeOf(this.modules, (module) => {
        const buffer = this.byModule.get(module)?.get(type);
        return buffer && new Map([...buffer].map(([name, value]) => [name, leafOf(type, value)]));
      }),
    );
  }

  /** Stops holding what was recorded: it is the open scope's now, or the caller's. */
  letGo(): void {
    if (this.isLetGo) return;
    this.isLetGo = true;
    for (const value of this.held()) handOver(this.own(value));
  }

  /** Frees what was recorded, after a failure. */
  drop(): void {
    this.letGo();
    for (const value of this.held()) discard(this.own(value));
  }

  private *held(): Generator<unknown> {
    for (const ofModule of this.byModule.values())
      for (const buffer of ofModule.values()) yield* buffer.values();
  }

  /** The tensors of a value that were not given. */
  private own(value: unknown): unknown {
    // Mostly none were: then the value says it itself.
    if (this.given.size === 0) return value;
    return tensorsIn(value).filter((tensor) => !this.given.has(tensor));
  }

  /** What is in buffers outlives the scopes inside the captured run. */
  private write(buffer: Buffer, name: string, value: unknown): void {
    const previous = buffer.get(name);
    retain(this.own(value));
    buffer.set(name, value);
    handOver(this.own(previous));
  }

  private place(module: object, name: string): string {
    return formatPath([...(this.modules.pathOf(module) ?? []), name]);
  }
}

const noMetadata = Object.freeze({});

const leafOf = (type: VariableType, value: unknown): StateLeaf =>
  Object.freeze({ type, value, metadata: noMetadata });

const ofMethods: Reduction = { ...collecting };

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
