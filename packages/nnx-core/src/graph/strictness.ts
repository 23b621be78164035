/** @file Whether an update has a fitting value for every leaf of a model, and for nothing else. */
import { isArrayLike } from "../data/array-like.ts";
import { describe, StructureError } from "../errors.ts";
import { pathOf, type Place } from "../data/place.ts";
import { formatPath, type Path, pathKey } from "../path.ts";
import { flattenState } from "../state/flatten-state.ts";
import { isSubtree, leafValue, type State } from "../state/state.ts";
import { isVariableState, type VariableType } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { leavesIn } from "./created.ts";
import { GraphWalk, type LeafValue } from "./flatten.ts";

/** How many paths a message has room for. */
const shown = 8;

/** A leaf of the model that has no value yet. */
interface Awaited {
  readonly place: Place;
  readonly value: LeafValue;
}

/** Collects what does not fit, so that one error says all of it. */
export class Strictness {
  /** By the Variable, or by the path of what has none; in the order of the walk. */
  private readonly awaited = new Map<Variable | string, Awaited>();
  private readonly extra: Path[] = [];
  private readonly unlike: string[] = [];
  private readonly count: number;

  constructor(root: object) {
    const put = (_: unknown, value: LeafValue, walk: GraphWalk): void => {
      const place = walk.at();
      this.awaited.set(value instanceof Variable ? value : pathKey(pathOf(place)), { place, value });
    };
    this.count = new GraphWalk({ leaf: put }).run(root).leafCount;
  }

  /** A Variable gets a value. */
  variable(target: Variable, given: unknown, path: () => Path): void {
    this.awaited.delete(target);
    this.compare(target.type, target.getRawValue(), given, path);
  }

  /** An attribute that holds no Variable gets a value, or one is made. */
  replaced(given: unknown, path: () => Path): void {
    const at = path();
    if (!this.took(at, given)) this.extra.push(...leafPaths(given).map((below) => [...at, ...below]));
  }

  /** A State that the model keeps gets values. */
  state(kept: State, given: unknown, path: () => Path): void {
    const at = path();
    const own = new Set<string>();
    for (const [below] of flattenState(kept)) {
      own.add(pathKey(below));
      const value = valueAt(given, below);
      if (value !== undefined) this.took([...at, ...below], value);
    }
    for (const below of leafPaths(given)) if (!own.has(pathKey(below))) this.extra.push([...at, ...below]);
  }

  /** @returns whether there is a leaf without a Variable at the path, which got the value. */
  private took(path: Path, given: unknown): boolean {
    const key = pathKey(path);
    const leaf = this.awaited.get(key);
    if (!leaf || leaf.value instanceof Variable) return false;
    this.awaited.delete(key);
    const type = isVariableState(leaf.value) ? leaf.value.type : undefined;
    this.compare(type, leafValue(leaf.value), given, () => path);
    return true;
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
    const { awaited, extra, unlike } = this;
    if (awaited.size + extra.length + unlike.length === 0) return;
    const missing = Array.from(awaited.values(), ({ place }) => pathOf(place));
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

function valueAt(values: unknown, path: Path): unknown {
  let at = values;
  for (const part of path) {
    if (!isSubtree(at) || !Object.hasOwn(at, part)) return undefined;
    at = at[part];
  }
  return at;
}

/** Where values are below something that was looked at already, and therefore ends. */
const leafPaths = (values: unknown): Path[] => [...leavesIn(values)].map(([, place]) => pathOf(place));
