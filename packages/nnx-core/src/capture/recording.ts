/** @file What one run records, from the values that modules tell to the States of them. */
import { pathOf } from "../data/place.ts";
import { describe, NnxError } from "../errors.ts";
import type { Frame } from "../graph/frame.ts";
import { framesOf } from "../graph/iterate.ts";
import { classify } from "../graph/node.ts";
import { discard, handOver, retain } from "../ownership/holders.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path } from "../path.ts";
import { placeOf, refuseHidden } from "../recording/record.ts";
import { Modules } from "../recording/running.ts";
import type { Session, Told } from "../recording/session.ts";
import { disposeOwner, hold } from "../state/holding.ts";
import { type OwnedState, setOwn, type StateNode } from "../state/state.ts";
import type { Tensor } from "../tensor.ts";
import type { VariableState, VariableType } from "../variable/variable-state.ts";

type Leaves = Map<string, VariableState>;
type Subtree = Record<string, StateNode>;

/** A State that holds nothing yet, with the values of its leaves. */
interface Tree {
  readonly root: Subtree;
  readonly values: readonly unknown[];
}

/** Where a value is kept, and as what. */
type Place = Pick<Told, "module" | "name" | "type">;

const noMetadata = Object.freeze({});

/**
 * The modules of what is captured.
 * @throws {@link NnxError} when it is nothing that has modules.
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
 * Keeps what the modules tell in one run, and holds it, so that it outlives the scopes in the run.
 * @typeParam Heading - One State is made for each: a Variable type, or the way of telling.
 */
export abstract class Recording<Heading> implements Session {
  readonly where: string;
  readonly modules: Modules;
  readonly outputs: VariableType | undefined;
  private readonly headings = new Map<Heading, Map<object, Leaves>>();
  private readonly sownTypes = new Map<object, Map<string, VariableType>>();
  /** Tensors that were there before the run: whoever made them frees them. */
  private readonly given = new Set<Tensor>();
  private isHeld = true;

  /**
   * @param root - The model that is captured.
   * @param outputs - The type as which methods' results are recorded, if they are.
   */
  constructor(where: string, root: unknown, outputs: VariableType | undefined) {
    this.where = where;
    this.modules = capturedModules(where, root);
    this.outputs = outputs;
  }

  abstract record(told: Told): boolean;

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
  protected put(heading: Heading, place: Place, value: unknown): void {
    const previous = this.leavesOf(heading, place.module)?.get(place.name)?.value;
    retain(this.own(value));
    this.set(heading, place, value);
    handOver(this.own(previous));
  }

  /** Keeps one more item of a list. */
  protected append(heading: Heading, place: Place, list: readonly unknown[], item: unknown): void {
    retain(item);
    this.set(heading, place, [...list, item]);
  }

  private set(heading: Heading, { module, name, type }: Place, value: unknown): void {
    const modules = this.headings.get(heading) ?? new Map<object, Leaves>();
    const leaves = modules.get(module) ?? new Map<string, VariableState>();
    const leaf = { type: leaves.get(name)?.type ?? type, value, metadata: noMetadata };
    this.headings.set(heading, modules.set(module, leaves.set(name, Object.freeze(leaf))));
  }

  /**
   * @throws {@link NnxError} for tensors that nobody could hold, and for a name under which values
   * of another type were sown.
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
   * Ends the recording, within the run, so that names that are in each other's way can be refused.
   * @returns what makes one State for each heading after the run: all of them or, when a tensor was
   * disposed, none.
   * @throws {@link NnxError} when something was recorded at a path, and something else below it.
   */
  finish(headings: readonly Heading[]): () => OwnedState[] {
    const trees = headings.map((heading) => this.treeOf(this.headings.get(heading) ?? new Map()));
    return () => {
      this.letGo();
      const states: OwnedState[] = [];
      try {
        for (const { root, values } of trees) states.push(hold(root, values));
        return states;
      } catch (error) {
        states.forEach(disposeOwner);
        throw error;
      }
    };
  }

  /** Frees what was recorded, after a failure. */
  drop(): void {
    this.letGo();
    for (const value of this.values()) discard(this.own(value));
  }

  /** Stops holding what was recorded: it is the open scope's now, or the caller's. */
  private letGo(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    for (const value of this.values()) handOver(this.own(value));
  }

  /**
   * One tree of what each module recorded. It is made without paths: those of a deep model are long.
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
    // Children come before parents, so the subtrees of its children are there when a module's own
    // values come.
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

  /** The tensors of a value that were not given. */
  private own(value: unknown): unknown {
    // Mostly none were: then the value says it itself.
    if (this.given.size === 0) return value;
    return tensorsIn(value).filter((tensor) => !this.given.has(tensor));
  }
}

const clash = (path: Path): NnxError =>
  new NnxError(
    `sow at ${formatPath(path)}: expected a name that no part of the module has in which something is recorded too, got ` +
      `${JSON.stringify(path.at(-1))}. A State has one value or one subtree under a name: record it under another one.`,
  );
