/** @file Whether an update has a fitting value for every leaf of a model, and for nothing else. */
import { isArrayLike } from "../data/array-like.ts";
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path, pathKey, type PathPart } from "../path.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { flattenState } from "../state/flatten-state.ts";
import { leafValue, type State } from "../state/state.ts";
import { isVariableState, type VariableType } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { flatten, type GraphLeaf, GraphWalk } from "./flatten.ts";

/** How many paths a message has room for. */
const shown = 8;

/** Collects what does not fit, so that one error says all of it. */
export class Strictness {
  private readonly root: object;
  /** Those that got no value yet. Their paths are asked for when there is something to say. */
  private readonly variables = new Set<Variable>();
  private readonly bare = new Map<string, GraphLeaf>();
  private readonly extra: Path[] = [];
  private readonly unlike: string[] = [];
  private readonly count: number;

  constructor(root: object) {
    this.root = root;
    const open: PathPart[] = [];
    const { leafCount } = new GraphWalk({
      enter: (key) => void open.push(key),
      leaf: (key, value) => {
        if (value instanceof Variable) this.variables.add(value);
        else {
          const path = key === undefined ? [] : open.concat(key);
          this.bare.set(pathKey(path), { path, value });
        }
      },
      exit: () => void open.pop(),
    }).run(root);
    this.count = leafCount;
  }

  /** A Variable gets a value. */
  variable(target: Variable, given: unknown, path: () => Path): void {
    this.variables.delete(target);
    this.compare(target.type, target.getRawValue(), given, path);
  }

  /** An attribute that holds no Variable gets a value, or one is made. */
  replaced(given: unknown, path: () => Path): void {
    const at = path();
    const leaf = this.bare.get(pathKey(at));
    if (leaf) this.took(leaf, given);
    else this.extra.push(...leafPaths(given).map((below) => [...at, ...below]));
  }

  /** A State that the model keeps gets values. */
  state(kept: State, given: unknown, path: () => Path): void {
    const at = path();
    const own = new Set<string>();
    for (const [below] of flattenState(kept)) {
      own.add(pathKey(below));
      const leaf = this.bare.get(pathKey([...at, ...below]));
      const value = valueAt(given, below);
      if (leaf && value !== undefined) this.took(leaf, value);
    }
    for (const below of leafPaths(given)) if (!own.has(pathKey(below))) this.extra.push([...at, ...below]);
  }

  private took({ path, value }: GraphLeaf, given: unknown): void {
    this.bare.delete(pathKey(path));
    if (value instanceof Variable) return;
    this.compare(isVariableState(value) ? value.type : undefined, leafValue(value), given, () => path);
  }

  private compare(type: VariableType | undefined, before: unknown, given: unknown, path: () => Path): void {
    const after = isVariableState(given) ? given.value : given;
    if (type && isVariableState(given) && given.type !== type)
      this.unlike.push(`a ${given.type.typeName} for a ${type.typeName} at ${formatPath(path())}`);
    else if (formOf(before) !== formOf(after))
      this.unlike.push(`${describe(after)} for ${describe(before)} at ${formatPath(path())}`);
  }

  /** @throws {@link StructureError} that names what is missing, unknown and unlike. */
  finish(): void {
    const { variables, bare, extra, unlike } = this;
    if (variables.size + bare.size + extra.length + unlike.length === 0) return;
    const missing = flatten(this.root)
      .leaves.filter(({ path, value }) =>
        value instanceof Variable ? variables.has(value) : bare.has(pathKey(path)),
      )
      .map(({ path }) => path);
    const faults = [
      missing.length > 0 ? `nothing at ${listed(missing.map(formatPath))}` : "",
      extra.length > 0 ? `${listed(extra.map(formatPath))}, which the model does not have` : "",
      unlike.length > 0 ? listed(unlike) : "",
    ].filter(Boolean);
    throw new StructureError(
      `update: expected a value for each of the ${this.count} leaves of the model, of its type, shape and dtype, got ${faults.join("; and ")}. ` +
        "Pass all States of a model like this one, or leave strict out.",
    );
  }
}

/** What two values must have in common. */
const formOf = (value: unknown): string =>
  isArrayLike(value) ? `${value.dtype}[${value.shape.join(",")}]` : value === null ? "null" : typeof value;

const listed = (texts: readonly string[]): string =>
  texts.slice(0, shown).join(", ") + (texts.length > shown ? `, and ${texts.length - shown} more` : "");

const isSubtree = (x: unknown): x is Readonly<Record<string, unknown>> =>
  isPlainObject(x) && !isVariableState(x);

function valueAt(values: unknown, path: Path): unknown {
  let at = values;
  for (const part of path) {
    if (!isSubtree(at) || !Object.hasOwn(at, part)) return undefined;
    at = at[part];
  }
  return at;
}

/** Where values are below something that was looked at already, and therefore ends. */
function leafPaths(values: unknown): Path[] {
  const paths: Path[] = [];
  const open: (readonly [unknown, Path])[] = [[values, []]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [value, path] = next;
    if (!isSubtree(value)) paths.push(path);
    else for (const [key, item] of Object.entries(value).reverse()) open.push([item, [...path, key]]);
  }
  return paths;
}
