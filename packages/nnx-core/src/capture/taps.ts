/** @file Watching values where they pass, so that one backward pass gives their gradients too. */
import { withoutTape } from "../autodiff/tape.ts";
import { needsPath } from "../filter/description.ts";
import type { Predicate } from "../filter/filter.ts";
import { discard, handOver, retain } from "../ownership/holders.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path } from "../path.ts";
import { alias, type Tensor } from "../tensor.ts";
import { Intermediate } from "../variable/variable-types.ts";
import type { VariableType } from "../variable/variable-state.ts";
import type { StateLeaf } from "../state/state.ts";
import { treeOf } from "./recorded-states.ts";
import { hiddenTensors, refuseHidden, SownTypes } from "../recording/recordable.ts";
import type { CapturedModules, Session } from "../recording/session.ts";

/** Where a watched value came from. */
export type TapKind = (typeof tapKinds)[number];
export const tapKinds = ["sown", "perturbed", "outputs"] as const;

/** One value that passed: a copy to show, and the tensors whose gradients are its gradient. */
export interface Tap {
  readonly kind: TapKind;
  readonly module: object;
  readonly name: string;
  readonly type: VariableType;
  readonly value: unknown;
  readonly watched: readonly Tensor[];
}

/** Watches what is sown and perturbed, whatever its type, and on request what methods return. */
export class Taps implements Session {
  readonly taps: Tap[] = [];
  private readonly sownTypes = new SownTypes();
  private isLetGo = false;
  readonly modules: CapturedModules;
  private readonly wanted: Predicate;
  private readonly needPaths: boolean;
  private readonly methodOutputs: boolean;

  /** @param wanted - Sees the path and a leaf with the type. */
  constructor(modules: CapturedModules, wanted: Predicate, methodOutputs: boolean) {
    this.modules = modules;
    this.wanted = wanted;
    this.needPaths = needsPath(wanted);
    this.methodOutputs = methodOutputs;
  }

  private pathTo(module: object, name: string): Path {
    return [...(this.modules.pathOf(module) ?? []), name];
  }

  sow(module: object, type: VariableType, name: string, value: unknown): boolean {
    const place = () => formatPath(this.pathTo(module, name));
    refuseHidden("sow", value, place);
    this.sownTypes.note(module, name, type, place);
    // The value itself is used further on: its gradient is that of the tensors as they are.
    return this.tap("sown", module, type, name, value);
  }

  perturb(module: object, type: VariableType, name: string, value: unknown): unknown {
    return this.passThrough("perturbed", module, type, name, value);
  }

  output(module: object, name: string, value: unknown): unknown {
    if (!this.methodOutputs || hiddenTensors(value)) return value;
    return this.passThrough("outputs", module, Intermediate, name, value);
  }

  /** Stops holding the copies: they are the open scope's now, or the caller's. */
  letGo(): void {
    if (this.isLetGo) return;
    this.isLetGo = true;
    for (const { value } of this.taps) handOver(value);
  }

  /** Frees the copies, after a failure. */
  drop(): void {
    this.letGo();
    for (const { value } of this.taps) discard(value);
  }

  /** Goes on with tensors of its own, so that only what happens to the value from here on counts. */
  private passThrough(
    kind: TapKind,
    module: object,
    type: VariableType,
    name: string,
    value: unknown,
  ): unknown {
    if (tensorsIn(value).length === 0) return value;
    const passed = mapTensors(value, alias);
    return this.tap(kind, module, type, name, passed) ? passed : value;
  }

  private tap(kind: TapKind, module: object, type: VariableType, name: string, value: unknown): boolean {
    if (!this.modules.has(module)) return false;
    if (!this.wanted(this.needPaths ? this.pathTo(module, name) : noPath, { type })) return false;
    const copy = withoutTape(() => mapTensors(value, alias));
    retain(copy);
    this.taps.push({ kind, module, name, type, value: copy, watched: tensorsIn(value) });
    return true;
  }
}

const noPath: Path = [];

/** @throws {@link NnxError} when values of one kind are in each other's way. */
export function refuseClashes(modules: CapturedModules, taps: readonly Tap[]): void {
  for (const kind of tapKinds) {
    const names = new Map<object, Map<string, StateLeaf>>();
    for (const { kind: other, module, name, type, value } of taps) {
      if (other !== kind) continue;
      const ofModule = names.get(module) ?? new Map<string, StateLeaf>();
      names.set(module, ofModule.set(name, { type, value, metadata: {} }));
    }
    if (names.size > 0) treeOf(modules, (module) => names.get(module));
  }
}
