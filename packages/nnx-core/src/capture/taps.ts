/** @file Watching values where they pass, so that one backward pass gives their gradients too. */
import { withoutTape } from "../autodiff/tape.ts";
import type { Predicate } from "../filter/filter.ts";
import { discard, handOver, retain } from "../ownership/holders.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path } from "../path.ts";
import { alias, type Tensor } from "../tensor.ts";
import { Intermediate } from "../variable/variable-types.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { hiddenTensors, refuseHidden, SownTypes } from "./recordable.ts";
import type { CapturedModules, Session } from "./session.ts";

/** Where a watched value came from. */
export type TapKind = (typeof tapKinds)[number];
export const tapKinds = ["sown", "perturbed", "outputs"] as const;

/** One value that passed: a copy to show, and the tensors whose gradients are its gradient. */
export interface Tap {
  readonly kind: TapKind;
  readonly module: object;
  /** The module's, and the name. */
  readonly path: Path;
  readonly type: VariableType;
  readonly value: unknown;
  readonly watched: readonly Tensor[];
}

/** Watches what is sown and perturbed, whatever its type, and on request what methods return. */
export class Taps implements Session {
  readonly taps: Tap[] = [];
  private readonly sownTypes = new SownTypes();
  private isLetGo = false;
  private readonly modules: CapturedModules;
  private readonly wanted: Predicate;
  private readonly methodOutputs: boolean;

  /** @param wanted - Sees the path and a leaf with the type. */
  constructor(modules: CapturedModules, wanted: Predicate, methodOutputs: boolean) {
    this.modules = modules;
    this.wanted = wanted;
    this.methodOutputs = methodOutputs;
  }

  pathOf(module: object): Path | undefined {
    return this.modules.pathOf(module);
  }

  sow(module: object, type: VariableType, name: string, value: unknown): boolean {
    const place = () => formatPath([...(this.pathOf(module) ?? []), name]);
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
    const path = this.modules.pathOf(module);
    if (path === undefined) return false;
    const full = [...path, name];
    if (!this.wanted(full, { type })) return false;
    const copy = withoutTape(() => mapTensors(value, alias));
    retain(copy);
    this.taps.push({ kind, module, path: full, type, value: copy, watched: tensorsIn(value) });
    return true;
  }
}
