/** @file Plans and checks the writes of an update before anything is written. */
import { isArrayLike } from "../data/array-like.ts";
import { isContainer } from "../data/containers.ts";
import { pathOf, type Place } from "../data/place.ts";
import { describe, DisposedError, StructureError } from "../errors.ts";
import { hasDisposed } from "../ownership/lease.ts";
import { formatPath, type Path, type PathPart, partFromKey } from "../path.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { mostContainers, mostLevels } from "../state/bounds.ts";
import { checkValues, isStateLike } from "../state/check-state.ts";
import { disposedValueText } from "../state/holding.ts";
import type { PureState } from "../state/pure.ts";
import { heldValue, isSubtree, type State } from "../state/state.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { checkCreated, create } from "./created.ts";
import { isNoValue } from "./no-value.ts";
import { mapKeyOf } from "./keys.ts";
import { childAt, classify, defineChild, GraphNode, isWritable, setChild } from "./node.ts";
import { Strictness } from "./strictness.ts";
import { type Update, updatedState } from "./updated-state.ts";

/** A node or container of the model, and the values given for it. */
interface Given extends Place {
  readonly target: object;
  readonly values: Readonly<Record<string, unknown>>;
  readonly level: number;
}

/** The writes of one update. */
export class UpdatePlan {
  private readonly root: object;
  private readonly strictness: Strictness | undefined;
  private readonly variables: Variable[] = [];
  private readonly leaves: unknown[] = [];
  private readonly steps: (() => void)[] = [];
  private readonly states: Update[] = [];
  private readonly open: Given[] = [];
  private frames = 0;

  /** @param strict - Whether there must be a fitting value for each leaf, and nothing else. */
  constructor(root: object, strict: boolean) {
    this.root = root;
    this.strictness = strict ? new Strictness(root) : undefined;
  }

  /**
   * Plans the writes of values or of a State.
   * @throws {@link StructureError} for values that do not fit the model.
   */
  add(values: unknown): void {
    if (isStateLike(this.root) && !(this.root instanceof Variable)) {
      throw new StructureError(
        "update: expected a module, Variable or container, got a State, which never changes. Use mergeState or updateState.",
      );
    }
    try {
      this.meet(this.root, values, "", undefined);
      for (let frame = this.open.pop(); frame; frame = this.open.pop()) {
        for (const name of Object.keys(frame.values)) this.child(frame, name);
      }
      this.strictness?.finish();
    } catch (error) {
      for (const state of this.states) state.drop();
      throw error;
    }
  }

  /** Writes the planned values. */
  run(): void {
    const { variables, leaves } = this;
    for (let i = 0; i < variables.length; i++) writeVariable(variables[i] as Variable, leaves[i]);
    for (const step of this.steps) step();
  }

  private child(frame: Given, name: string): void {
    const { target, values } = frame;
    const key = keyIn(target, name);
    const child = target instanceof Map || Object.hasOwn(target, key) ? childAt(target, key) : undefined;
    const value = values[name];
    if (child instanceof Variable || child instanceof GraphNode) this.meet(child, value, key, frame);
    else if (isStateLike(child)) this.keptState(frame, key, child, value);
    else if (isOpenTo(child, value)) this.meet(child as object, value, key, frame);
    else this.replace(frame, key, value);
  }

  private meet(target: object, value: unknown, key: PathPart, parent: Given | undefined): void {
    if (target instanceof Variable) this.variable(target, value, key, parent);
    else if (isSubtree(value)) this.enter(target, value, key, parent);
    else if (Array.isArray(value) && Array.isArray(target))
      this.enter(target, value as unknown as Record<string, unknown>, key, parent);
    else throw misplaced(parent, key, "a State", value);
  }

  private enter(target: object, values: Given["values"], key: PathPart, parent: Given | undefined): void {
    // Values and models may both contain themselves, and then never end.
    const level = parent ? parent.level + 1 : 0;
    if (level > mostLevels || ++this.frames > mostContainers)
      throw misplaced(parent, key, "values that end", values);
    this.open.push({ target, values, part: key, parent, level });
  }

  private variable(target: Variable, value: unknown, key: PathPart, parent: Given | undefined): void {
    const leaf = isVariableState(value);
    const given: unknown = leaf ? heldValue(value) : value;
    if (!leaf && typeof value === "object" && value !== null && !isArrayLike(value)) {
      // An empty State changes nothing. But a Variable that holds an object may get an empty object
      // as its value.
      const isNothing = isPlainObject(value) && Object.keys(value).length === 0;
      if (isNothing && (target.isDisposed || !isPlainObject(target.getRawValue()))) return;
      if (isNoValue(value)) throw misplaced(parent, key, `a value for the ${target.type.typeName}`, value);
    }
    if (typeof given === "object" && given !== null) refuseDisposed(parent, key, given);
    this.strictness?.variable(target, value, () => pathTo(parent, key));
    this.variables.push(target);
    this.leaves.push(value);
  }

  /** A State that the model keeps is replaced by one with the new values. */
  private keptState(frame: Given, key: PathPart, kept: State, value: unknown): void {
    const path = (): Path => pathTo(frame, key);
    if (!isWritable(frame.target, key))
      throw misplaced(frame, key, "an attribute that can be written", value);
    // The State of a Variable is its leaf, and has no names.
    if (!isVariableState(kept) && !isSubtree(value)) throw misplaced(frame, key, "a State", value);
    const next = checkedAt(path, () => updatedState(kept, value as PureState));
    this.states.push(next);
    this.strictness?.state(kept, value, path);
    if (!next.isSame) this.steps.push(() => setChild(frame.target, key, next.finish()));
  }

  /** An attribute without Variables gets another value, or a new attribute is made. */
  private replace(frame: Given, key: PathPart, value: unknown): void {
    const { target } = frame;
    refuseHoles(target, key, frame);
    if (!isWritable(target, key)) throw misplaced(frame, key, "an attribute that can be written", value);
    const path = (): Path => pathTo(frame, key);
    const values: unknown = checkValues("update", value, path);
    checkCreated(values, path, (each, at) => checkedAt(at, () => refuseDisposedAt(at, each)));
    this.strictness?.replaced(values, path);
    this.steps.push(() => {
      if (Object.hasOwn(target, key) || target instanceof Map) setChild(target, key, create(values));
      else defineChild(target, key, create(values));
    });
  }
}

/**
 * Whether values are written into a container instead of replacing it. Any container accepts an
 * object of values. A list of values is written only into a list that the graph tracks, and
 * replaces other lists.
 */
const isOpenTo = (child: unknown, value: unknown): boolean => {
  if (Array.isArray(value)) return Array.isArray(child) && classify(child) === "container";
  return isContainer(child) && isSubtree(value);
};

function keyIn(target: object, name: string): PathPart {
  if (target instanceof Map) return mapKeyOf(target, name);
  return Array.isArray(target) ? partFromKey(name) : name;
}

function refuseHoles(target: object, key: PathPart, frame: Given): void {
  if (!Array.isArray(target) || (typeof key === "number" && Object.hasOwn(target, key))) return;
  // Several items may come at once, in order.
  if (key === target.length || (typeof key === "number" && Object.hasOwn(frame.values, key - 1))) return;
  throw misplaced(frame, key, `an index of the array up to its length ${target.length}`, key);
}

function writeVariable(variable: Variable, leaf: unknown): void {
  if (isVariableState(leaf)) variable.takeState(leaf);
  else variable.setRawValue(leaf);
}

const pathTo = (parent: Place | undefined, part: PathPart): Path => pathOf({ parent, part });

function refuseDisposed(parent: Given | undefined, key: PathPart, value: object): void {
  // Most values are tensors, for which this check is enough.
  if (isArrayLike(value) && !hasDisposed(value)) return;
  const path = (): Path => pathTo(parent, key);
  checkedAt(path, () => refuseDisposedAt(path, value));
}

function refuseDisposedAt(path: () => Path, given: unknown): void {
  if (!hasDisposed(isVariableState(given) ? heldValue(given) : given)) return;
  throw new DisposedError(disposedValueText("update", path()));
}

/** Adds the path in the model to errors of checks that do not know it. */
function checkedAt<R>(path: () => Path, check: () => R): R {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof StructureError)) throw error;
    throw new StructureError(`update at ${formatPath(path())}: ${error.message}`, { cause: error });
  }
}

function misplaced(parent: Given | undefined, key: PathPart, expected: string, got: unknown): StructureError {
  return new StructureError(
    `update at ${formatPath(pathTo(parent, key))}: expected ${expected}, got ${describe(got)}. ` +
      "Pass a State of this model, as split and state return it.",
  );
}
