/** @file What one run records: under each heading, of each module, one value for each name. */
import { NnxError } from "../errors.ts";
import { discard, hold, type Lease } from "../ownership/lease.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { placeOf, refuseHidden } from "../recording/record.ts";
import type { CapturedModules, Told } from "../recording/session.ts";
import type { Tensor } from "../tensor.ts";
import type { VariableState, VariableType } from "../variable/variable-state.ts";
import { type RecordedTree, treeOf } from "./states.ts";

type Leaves = Map<string, VariableState>;

/** Where a value is kept, and as what. */
type Place = Pick<Told, "module" | "name" | "type">;

/**
 * Holds what a run records, so that it outlives the scopes in the run.
 * @typeParam Heading - One State is made of each: a type, or the way in which values were told.
 */
export class Buffer<Heading> {
  private readonly headings = new Map<Heading, Map<object, Leaves>>();
  private readonly sownTypes = new Map<object, Map<string, VariableType>>();
  /** Tensors that were there before the run: whoever made them frees them. */
  private readonly given = new Set<Tensor>();
  /** On what the run recorded, for each leaf that is there now. */
  private readonly leases = new Map<VariableState, Lease[]>();
  readonly modules: CapturedModules;

  constructor(modules: CapturedModules) {
    this.modules = modules;
  }

  /** What a module has under a heading, by name. */
  leavesOf(heading: Heading, module: object): ReadonlyMap<string, VariableState> | undefined {
    return this.headings.get(heading)?.get(module);
  }

  /** Keeps a value from before the run. */
  give(heading: Heading, place: Place, value: unknown): void {
    for (const tensor of tensorsIn(value)) this.given.add(tensor);
    this.set(heading, place, value);
  }

  /** Keeps a value in the place of the one that is there. */
  put(heading: Heading, place: Place, value: unknown): void {
    const lease = hold(this.own(value));
    const previous = this.takeLeases(heading, place);
    this.set(heading, place, value, [lease]);
    for (const each of previous) each.handOver();
  }

  /** Keeps one more item of a list. */
  append(heading: Heading, place: Place, list: readonly unknown[], item: unknown): void {
    const lease = hold(item);
    const leases = this.takeLeases(heading, place);
    leases.push(lease);
    this.set(heading, place, [...list, item], leases);
  }

  /** The leases on a leaf that is about to be replaced. */
  private takeLeases(heading: Heading, { module, name }: Place): Lease[] {
    const leaf = this.leavesOf(heading, module)?.get(name);
    const leases = leaf && this.leases.get(leaf);
    if (!leases) return [];
    this.leases.delete(leaf);
    return leases;
  }

  private set(heading: Heading, { module, name, type }: Place, value: unknown, leases: Lease[] = []): void {
    const modules = this.headings.get(heading) ?? new Map<object, Leaves>();
    const leaves = modules.get(module) ?? new Map<string, VariableState>();
    const leaf = Object.freeze({ type: leaves.get(name)?.type ?? type, value, metadata: noMetadata });
    this.headings.set(heading, modules.set(module, leaves.set(name, leaf)));
    this.leases.set(leaf, leases);
  }

  /**
   * @throws {@link NnxError} for tensors that nobody could hold, and for a name under which values
   * of another type were sown.
   */
  check(told: Told): void {
    const { module, name, type, value } = told;
    refuseHidden("sow", value, () => placeOf(told, this));
    const names = this.sownTypes.get(module) ?? new Map<string, VariableType>();
    const before = names.get(name) ?? type;
    if (before !== type) {
      throw new NnxError(
        `sow at ${placeOf(told, this)}: expected ${type.typeName} values under a name of their own, got a name that ` +
          `${before.typeName} values have. Sow one of them under another name.`,
      );
    }
    this.sownTypes.set(module, names.set(name, type));
  }

  /**
   * What was recorded under these headings, a tree for each.
   * @throws {@link NnxError} for names that are in each other's way.
   */
  trees(headings: readonly Heading[]): RecordedTree[] {
    return headings.map((heading) => treeOf(this.modules, this.headings.get(heading)));
  }

  /** Stops holding what was recorded: it is the open scope's now, or the caller's. */
  letGo(): void {
    for (const leases of this.leases.values()) for (const lease of leases) lease.handOver();
  }

  /** Frees what was recorded, after a failure. */
  drop(): void {
    this.letGo();
    for (const value of this.values()) discard(this.own(value));
  }

  private *values(): Generator<unknown> {
    for (const modules of this.headings.values())
      for (const leaves of modules.values()) for (const { value } of leaves.values()) yield value;
  }

  /** The tensors of a value that were not given. */
  private own(value: unknown): unknown {
    // Mostly none were: then the value says it itself.
    if (this.given.size === 0) return value;
    return tensorsIn(value).filter((tensor) => !this.given.has(tensor));
  }
}

const noMetadata = Object.freeze({});
