/** @file Records the values that modules tell in one run, and makes States of them. */
import { pathOf } from "../data/place.ts";
import { describe, NnxError } from "../errors.ts";
import type { Frame } from "../graph/frame.ts";
import { framesOf } from "../graph/iterate.ts";
import { classify } from "../graph/node.ts";
import { discard, hold, type Lease } from "../ownership/lease.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path } from "../path.ts";
import { placeOf, refuseHidden } from "../recording/record.ts";
import { Modules } from "../recording/running.ts";
import type { Session, Told } from "../recording/session.ts";
import { disposeOwner, makeState } from "../state/holding.ts";
import { type OwnedState, setOwn, type StateNode } from "../state/state.ts";
import type { Tensor } from "../tensor.ts";
import type { VariableState, VariableType } from "../variable/variable-state.ts";
import { noteTold } from "./told-order.ts";

type Leaves = Map<string, VariableState>;
type Subtree = Record<string, StateNode>;

/** What becomes a State: its content, and the values of its leaves, which the State will hold. */
interface Tree {
  readonly root: Subtree;
  readonly values: readonly unknown[];
}

/** The module and name under which a value is recorded, and its type. */
type Place = Pick<Told, "module" | "name" | "type">;

const noMetadata = Object.freeze({});

/**
 * The modules of a captured model.
 * @throws {@link NnxError} when `root` is neither a module nor a container of modules.
 */
export function capturedModules(where: string, root: unknown): Modules {
  const kind = classify(root);
  if (kind === "node" || kind === "container") return new Modules(framesOf(root), root as object);
  throw new NnxError(
    `${where}: expected a module as the first argument of the call, got ${describe(root)}. ` +
      "Capture a module, or a function that takes the model first.",
  );
}

/**
 * Records the values that modules tell in one run. Until the run ends it holds their tensors, since
 * a value may be sown in a `tf.tidy`, which would free it.
 * @typeParam Heading - What values are sorted by: the Variable type, or the way of telling. One
 * State is made for each.
 */
export abstract class Recording<Heading> implements Session {
  readonly where: string;
  readonly modules: Modules;
  readonly outputs: VariableType | undefined;
  private readonly headings = new Map<Heading, Map<object, Leaves>>();
  private readonly sownTypes = new Map<object, Map<string, VariableType>>();
  /** The tensors in `init`. Whoever made them frees them, so they are not held here. */
  private readonly given = new Set<Tensor>();
  /** The Leases on what the run recorded, for each leaf that is there now. */
  private readonly leases = new Map<VariableState, Lease[]>();

  /**
   * @param root - The captured model.
   * @param outputs - The type under which methods' results are recorded, if they are.
   */
  constructor(where: string, root: unknown, outputs: VariableType | undefined) {
    this.where = where;
    this.modules = capturedModules(where, root);
    this.outputs = outputs;
  }

  abstract record(told: Told): boolean;

  /** What a module has recorded under a heading, by name. */
  leavesOf(heading: Heading, module: object): ReadonlyMap<string, VariableState> | undefined {
    return this.headings.get(heading)?.get(module);
  }

  /** Records a value of `init`. */
  give(heading: Heading, place: Place, value: unknown): void {
    for (const tensor of tensorsIn(value)) this.given.add(tensor);
    this.set(heading, place, value);
  }

  /** Records a value in the place of an earlier one. */
  protected put(heading: Heading, place: Place, value: unknown): void {
    const lease = hold(this.own(value));
    const previous = this.takeLeases(heading, place);
    this.set(heading, place, value, { leases: [lease] });
    for (const each of previous) each.handOver();
  }

  /** Records a list with one more item. */
  protected append(heading: Heading, place: Place, list: readonly unknown[], item: unknown): void {
    const lease = hold(item);
    const before = this.leavesOf(heading, place.module)?.get(place.name);
    const leases = this.takeLeases(heading, place);
    leases.push(lease);
    this.set(heading, place, [...list, item], { leases, before });
  }

  /** The Leases on a leaf that is about to be replaced. */
  private takeLeases(heading: Heading, { module, name }: Place): Lease[] {
    const leaf = this.leavesOf(heading, module)?.get(name);
    const leases = leaf && this.leases.get(leaf);
    if (!leases) return [];
    this.leases.delete(leaf);
    return leases;
  }

  private set(
    heading: Heading,
    { module, name, type }: Place,
    value: unknown,
    { leases = [], before }: { leases?: Lease[]; before?: VariableState | undefined } = {},
  ): void {
    const modules = this.headings.get(heading) ?? new Map<object, Leaves>();
    const leaves = modules.get(module) ?? new Map<string, VariableState>();
    const leaf = Object.freeze({ type: leaves.get(name)?.type ?? type, value, metadata: noMetadata });
    this.headings.set(heading, modules.set(module, leaves.set(name, leaf)));
    this.leases.set(leaf, leases);
    noteTold(leaf, before);
  }

  /**
   * @throws {@link NnxError} for an instance of a class that has tensors, and for a name under
   * which the module has sown values of another type.
   */
  protected checkSown(told: Told): void {
    const { module, name, type, value } = told;
    refuseHidden("sow", told, this, value);
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
   * Ends the recording. Call it in the run, so that the run is undone when this throws.
   * @returns a function that makes the States, one for each heading. Call it after the run. It
   * makes none if one of their tensors was disposed.
   * @throws {@link NnxError} when one value was recorded at a path, and another below that path.
   */
  finish(headings: readonly Heading[]): () => OwnedState[] {
    const trees = headings.map((heading) => this.treeOf(this.headings.get(heading) ?? new Map()));
    return () => {
      this.letGo();
      const states: OwnedState[] = [];
      try {
        for (const { root, values } of trees) states.push(makeState(root, values));
        return states;
      } catch (error) {
        states.forEach(disposeOwner);
        throw error;
      }
    };
  }

  /** Frees what was recorded, when the run or what follows it failed. */
  drop(): void {
    this.letGo();
    for (const value of this.values()) discard(this.own(value));
  }

  /** Stops holding the recorded tensors. They belong to the open scope then, or to the caller. */
  private letGo(): void {
    for (const leases of this.leases.values()) for (const lease of leases) lease.handOver();
  }

  /**
   * The content of one State, from what each module recorded. No paths are made for it, since the
   * paths of a deep model are long.
   */
  private treeOf(recorded: ReadonlyMap<object, Leaves>): Tree {
    const subtrees = new Map<Frame, Subtree>();
    const values: unknown[] = [];
    const subtreeAt = (frame: Frame): Subtree => {
      const subtree = subtrees.get(frame) ?? {};
      subtrees.set(frame, subtree);
      return subtree;
    };
    let root: Subtree = {};
    // Children come before parents: when a module's own values are added, the subtrees of its
    // children are there.
    for (const frame of this.modules.frames) {
      for (const [name, leaf] of recorded.get(frame.value) ?? []) {
        const subtree = subtreeAt(frame);
        if (Object.hasOwn(subtree, name)) throw clash([...pathOf(frame), name]);
        setOwn(subtree, name, leaf);
        values.push(leaf.value);
      }
      const subtree = subtrees.get(frame);
      if (subtree && frame.parent) setOwn(subtreeAt(frame.parent), frame.part, Object.freeze(subtree));
      else if (subtree) root = subtree;
    }
    return { root, values };
  }

  private *values(): Generator<unknown> {
    for (const modules of this.headings.values())
      for (const leaves of modules.values()) for (const { value } of leaves.values()) yield value;
  }

  /** The tensors of a value that are not from `init`. */
  private own(value: unknown): unknown {
    // The common case, without a look into the value.
    if (this.given.size === 0) return value;
    return tensorsIn(value).filter((tensor) => !this.given.has(tensor));
  }
}

const clash = (path: Path): NnxError =>
  new NnxError(
    `sow at ${formatPath(path)}: expected a name that no part of the module has in which something is recorded too, got ` +
      `${JSON.stringify(path.at(-1))}. A State has one value or one subtree under a name: record it under another one.`,
  );
