/**
 * @file Sets modes for `setMode`, `view`, `train`, `eval`, `setAttributes`, `withAttributes` and
 * sampling. It first collects all writes, so that an error leaves the model unchanged.
 */
import { describe, NnxError, NotFoundError, StructureError } from "../errors.ts";
import { needsPath } from "../filter/description.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { pathOf } from "../data/place.ts";
import type { Frame } from "../graph/frame.ts";
import { framesOf, iterGraphNodes } from "../graph/iterate.ts";
import { GraphNode, isWritable } from "../graph/node.ts";
import { formatPath, type Path } from "../path.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { BaseModule } from "../graph/base-module.ts";

/** Modes by name, such as `{ deterministic: true }`. */
export type ModeValues = Readonly<Record<string, unknown>>;

/** A node with modes: see {@link HasModes}. */
type NodeWithModes = GraphNode & { setMode(values: ModeValues): unknown };

/** The modes that a module may have as plain attributes, without a `setMode`. */
const plainModes: ReadonlySet<string> = new Set(["deterministic", "useRunningAverage"]);

const noPath: Path = [];

/** One attribute to write. */
export interface ModeWrite {
  readonly node: object;
  readonly name: string;
  readonly value: unknown;
}

/** The effect of a {@link ModeRequest}, before anything is written. */
export interface ModeChanges {
  readonly writes: readonly ModeWrite[];
  /** The names that each node uses. Nodes that use none are left out. */
  readonly users: ReadonlyMap<object, ReadonlySet<string>>;
}

/** Modes to set, and the nodes to set them on. */
export interface ModeRequest {
  /** The function, for errors. */
  readonly where: string;
  readonly values: ModeValues;
  readonly only: Filter;
  /**
   * `"modes"` passes the values to `setMode`. It sets the attributes `deterministic` and
   * `useRunningAverage` of modules whose `setMode` does not use them. `"attributes"` sets
   * attributes of any name. It passes the values to `setMode` too, since a mode need not be an
   * attribute.
   */
  readonly as: "modes" | "attributes";
}

const hasModes = (node: GraphNode): node is NodeWithModes =>
  "setMode" in node && typeof node.setMode === "function";

/**
 * Whether the module, its class or a base class has an attribute of this name. Names that every
 * object has (`__proto__`, `constructor`, `toString`) do not count. Accessors without a setter do
 * not count either, since they show a value that is stored elsewhere.
 */
function hasAttribute(module: object, name: string): boolean {
  const ends: readonly object[] = [GraphNode.prototype, Object.prototype];
  for (let at = module; !ends.includes(at); at = Object.getPrototypeOf(at) as object) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found) return (at === module || name !== "constructor") && !(found.get && !found.set);
  }
  return false;
}

/** A copy of the node, on which `setMode` can run without changing the node. */
const standInFor = <T extends object>(node: T): T =>
  Object.assign(Object.create(Object.getPrototypeOf(node) as object) as T, node);

/** The names in `values` that a node uses, and the attributes that its `setMode` would write. */
function asked(node: NodeWithModes, frame: Frame, values: ModeValues): [Set<string>, Map<string, unknown>] {
  const standIn = standInFor(node);
  const rest: unknown = standIn.setMode(values);
  if (typeof rest !== "object" || rest === null) {
    throw new NnxError(
      `setMode at ${formatPath(pathOf(frame))}: expected the node's setMode to return the values that it did not use, got ${describe(rest)}. ` +
        "Return the rest: `setMode({ mine, ...rest }) { ...; return rest; }`.",
    );
  }
  const used = new Set(Object.keys(values).filter((name) => !Object.hasOwn(rest, name)));
  const changed = Object.entries(standIn).filter(
    ([name, value]) => !Object.is(value, Reflect.get(node, name)),
  );
  return [used, new Map(changed)];
}

/**
 * Collects the attributes that setting modes would write, without writing them.
 * @throws {@link StructureError} for a frozen module.
 */
export function modeChanges(root: unknown, { where, values, only, as }: ModeRequest): ModeChanges {
  checkValues(where, values);
  const matches = toPredicate(only);
  const needPaths = needsPath(matches);
  const writes: ModeWrite[] = [];
  const users = new Map<object, ReadonlySet<string>>();
  for (const frame of framesOf(root)) {
    const { value: node } = frame;
    if (!(node instanceof GraphNode)) continue;
    const takesModes = hasModes(node);
    if (!takesModes && !(node instanceof BaseModule)) continue;
    // Making a path takes longer the deeper the node is, so make it only for filters that need it.
    if (!matches(needPaths ? pathOf(frame) : noPath, node)) continue;
    const [used, changed] = takesModes
      ? asked(node, frame, values)
      : [new Set<string>(), new Map<string, unknown>()];
    if (node instanceof BaseModule) {
      for (const name of Object.keys(values)) {
        if (as === "modes" && (used.has(name) || !plainModes.has(name))) continue;
        if (!hasAttribute(node, name)) continue;
        used.add(name);
        changed.set(name, values[name]);
      }
    }
    if (used.size > 0) users.set(node, used);
    for (const [name, value] of changed) {
      if (Object.is(value, Reflect.get(node, name))) continue;
      if (!isWritable(node, name)) throw unwritable(where, pathOf(frame), name, value);
      writes.push({ node, name, value });
    }
  }
  return { writes, users };
}

/**
 * Sets modes.
 * @throws {@link NotFoundError} when one of the names is nobody's, unless that does not matter;
 * nothing is set then.
 */
export function applyModes(root: unknown, request: ModeRequest, raiseIfNotFound: boolean): void {
  const { where, values, as } = request;
  const { writes, users } = modeChanges(root, request);
  const unused = new Set(Object.keys(values));
  for (const used of users.values()) for (const name of used) unused.delete(name);
  if (raiseIfNotFound && unused.size > 0) {
    const names = `{${[...unused].sort().join(", ")}}`;
    throw new NotFoundError(
      as === "modes"
        ? `${where}: expected modes that at least one selected node uses, got ${names}, which none does. ` +
            "Check the names and `only`, or pass { raiseIfNotFound: false }; viewInfo lists what there is."
        : `${where}: expected attributes that at least one selected module has, got ${names}, which none has. ` +
            "Check the names and `only`, or pass { raiseIfNotFound: false }.",
    );
  }
  for (const { node, name, value } of writes) Reflect.set(node, name, value);
}

/**
 * Yields the modes of each node that has some. These are the names that its `setMode` reads, and
 * the plain modes that a module has as attributes.
 */
export function* modesOf(
  root: unknown,
  only: Filter,
): Generator<readonly [path: Path, node: GraphNode, names: readonly string[]]> {
  const matches = toPredicate(only);
  for (const [path, node] of iterGraphNodes(root)) {
    if (!(node instanceof GraphNode)) continue;
    const names = new Set(hasModes(node) ? namesAskedFor(node) : []);
    if (node instanceof BaseModule)
      for (const name of plainModes) if (hasAttribute(node, name)) names.add(name);
    if (names.size > 0 && matches(path, node)) yield [path, node, [...names].sort()];
  }
}

/** The names that `setMode` reads. It runs on a stand-in, with values that are all missing. */
function namesAskedFor(node: NodeWithModes): string[] {
  const names: string[] = [];
  const note = (name: string | symbol): void => {
    if (typeof name === "string") names.push(name);
  };
  const values = new Proxy<ModeValues>(
    {},
    {
      get: (_, name) => note(name),
      has: (_, name) => {
        note(name);
        return false;
      },
    },
  );
  standInFor(node).setMode(values);
  return names;
}

/** @throws NnxError for what is no object of values by name. */
export function checkValues(where: string, values: unknown): void {
  if (isPlainObject(values)) return;
  throw new NnxError(
    `${where}: expected values by name, got ${describe(values)}. Pass an object, such as { deterministic: true }.`,
  );
}

const unwritable = (where: string, path: Path, name: string, value: unknown): StructureError =>
  new StructureError(
    `${where} at ${formatPath(path)}: expected a module whose ${name} can be written, got a frozen one (for ${describe(value)}). ` +
      "Do not freeze modules; view gives a copy in another mode.",
  );
