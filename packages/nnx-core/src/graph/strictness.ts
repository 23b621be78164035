/** @file Checks that an update has a fitting value for every leaf of a model, and nothing else. */
import { isArrayLike } from "../data/array-like.ts";
import { describe, StructureError } from "../errors.ts";
import { pathOf, type Place } from "../data/place.ts";
import { formatPath, type Path, pathKey } from "../path.ts";
import { flattenState } from "../state/flatten-state.ts";
import { isSubtree, heldValue, type State } from "../state/state.ts";
import { isVariableState, type VariableType } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { leavesIn } from "./created.ts";
import { GraphWalk, type LeafValue } from "./flatten.ts";

/** How many paths a message shows. */
const shown = 8;

/** A leaf of the model that has no value yet. */
interface Awaited {
  readonly place: Place;
  readonly value: LeafValue;
}

/** Collects everything that does not fit, so that one error can name it all. */
export class Strictness {
  /**
   * The leaves without a value, in the order of the walk. The key is the Variable, or the path of a
   * leaf without one.
   */
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

  /** An attribute without a Variable gets a value, or a new attribute is made. */
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

  /**
   * @returns whether the model has a leaf without a Variable at the path. It then counts as given.
   */
  private took(path: Path, given: unknown): boolean {
    const key = pathKey(path);
    const leaf = this.awaited.get(key);
    if (!leaf || leaf.value instanceof Variable) return false;
    this.awaited.delete(key);
    const type = isVariableState(leaf.value) ? leaf.value.type : undefined;
    this.compare(type, heldValue(leaf.value), given, () => path);
    return true;
  }

  private compare(type: VariableType | undefined, before: unknown, given: unknown, path: () => Path): void {
    const after = isVariableState(given) ? heldValue(given) : given;
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

/** The form that two values must share: dtype and shape, or the type of a primitive or object. */
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

/**
 * The paths of the leaves in values. The values were checked before, so they do not contain
 * themselves.
 */
const leafPaths = (values: unknown): Path[] => [...leavesIn(values)].map(([, place]) => pathOf(place));
