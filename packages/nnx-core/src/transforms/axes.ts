/** @file Along which axis each part of an argument or result is cut or stacked. */
import { containerKind } from "../data/containers.ts";
import { describe, StructureError } from "../errors.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import type { Predicate } from "../filter/predicate.ts";
import { childAt } from "../graph/node.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { flattenState } from "../state/flatten-state.ts";
import { isStateLike } from "../state/check-state.ts";
import type { State } from "../state/state.ts";

/** The class of {@link Carry}. An object, since TypeScript widens the type of a symbol. */
class CarryAxis {
  readonly kind = "carry";
}

/**
 * Marks what {@link scan} hands from one step to the next. @see Flax `nnx.Carry`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const powers = nnx.scan((x: tf.Tensor) => tf.mul(x, 2), {
 *   inAxes: nnx.Carry,
 *   outAxes: nnx.Carry,
 *   length: 5,
 * });
 * powers(tf.scalar(1)).dataSync()[0]; // => 32
 * ```
 */
export const Carry: CarryAxis = new CarryAxis();
export type Carry = CarryAxis;

/** An axis, `null` for what is the same everywhere, or {@link Carry} in a scan. */
export type MapAxis = number | null | Carry;

type Pairs = Iterable<readonly [filter: Filter, axis: MapAxis]>;

/**
 * The axis of each Variable of a module, or leaf of a State. The first filter that matches counts.
 * @see Flax `nnx.StateAxes`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const axes = new nnx.StateAxes([
 *   [nnx.Param, 0],
 *   [true, null],
 * ]);
 * axes.axisOf(["kernel"], nnx.state(model, nnx.Param).kernel); // => 0
 * ```
 */
export class StateAxes {
  /** The filters with their axes, in order. Frozen. */
  readonly entries: readonly (readonly [filter: Filter, axis: MapAxis])[];
  private readonly predicates: readonly Predicate[];

  /**
   * @param axes - Filters with axes: pairs, a Map, or an object of axes by tag. Or a State that has
   * axes as the values of its leaves.
   * @throws {@link StructureError} for what is no axis, {@link FilterError} for what is no filter.
   */
  constructor(axes: Pairs | ReadonlyMap<Filter, MapAxis> | Readonly<Record<string, MapAxis>> | State) {
    this.entries = Object.freeze(pairsIn(axes).map((pair) => Object.freeze(pair)));
    for (const [, axis] of this.entries) if (!isAxis(axis)) throw noAxis("StateAxes", axis);
    this.predicates = this.entries.map(([filter]) => toPredicate(filter));
  }

  /**
   * The axis of one Variable or leaf.
   * @throws {@link StructureError} when no filter matches.
   */
  axisOf(path: Path, value: unknown): MapAxis {
    const index = this.predicates.findIndex((matches) => matches(path, value));
    if (index >= 0) return (this.entries[index] as readonly [Filter, MapAxis])[1];
    throw new StructureError(
      `StateAxes at ${formatPath(path)}: expected a filter that matches every Variable, got none for ${describe(value)}. ` +
        "End with [true, null] for what is the same everywhere.",
    );
  }
}

function pairsIn(axes: unknown): (readonly [Filter, MapAxis])[] {
  if (isStateLike(axes))
    return flattenState(axes).map(([path, leaf]) => {
      const wanted = path.map(String);
      const matches: Predicate = (at) =>
        at.length === wanted.length && at.every((part, i) => String(part) === wanted[i]);
      return [matches, leaf.value as MapAxis] as const;
    });
  const isIterable = typeof axes === "object" && axes !== null && Symbol.iterator in axes;
  const pairs: readonly unknown[] = isIterable
    ? [...(axes as Iterable<unknown>)]
    : typeof axes === "object" && axes !== null
      ? Object.entries(axes)
      : [axes];
  return pairs.map((pair) => {
    if (Array.isArray(pair) && pair.length === 2) return [pair[0], pair[1]] as [Filter, MapAxis];
    throw new StructureError(
      `StateAxes: expected pairs of a filter and an axis, got ${describe(pair)}. Write new StateAxes([[Param, 0], [true, null]]).`,
    );
  });
}

const isAxis = (x: unknown): x is MapAxis => x === null || x === Carry || Number.isInteger(x);

/** The axes of an argument or result: one for all of it, or one for each part. */
export type MapAxes = MapAxis | StateAxes | readonly MapAxes[] | { readonly [key: string]: MapAxes };

const noAxis = (where: string, got: unknown): StructureError =>
  new StructureError(
    `${where}: expected an axis, null or Carry, got ${describe(got)}. Write 0 for the first axis, null for what is the same everywhere.`,
  );

/** Whether axes go into the parts of a container. */
const isTree = (axes: MapAxes): axes is readonly MapAxes[] | { readonly [key: string]: MapAxes } =>
  typeof axes === "object" && !isAxis(axes) && !(axes instanceof StateAxes);

/**
 * The axes of one item of a container.
 * @param where - The option, for the message.
 * @throws {@link StructureError} when axes that are given for each part have none for it.
 */
export function axesBelow(where: string, axes: MapAxes, container: object, key: PathPart): MapAxes {
  if (!isTree(axes)) return axes;
  const kind = containerKind(axes);
  const fits =
    containerKind(container) === kind &&
    childAt(axes, key) !== undefined &&
    sizeOf(axes) === sizeOf(container);
  if (fits) return childAt(axes, key) as MapAxes;
  throw new StructureError(
    `${where} at ${formatPath([key])}: expected axes like the value, got ${describe(axes)} for ${describe(container)}. ` +
      "Give one axis for all of it, or one for each of its parts.",
  );
}

const sizeOf = (container: object): number =>
  container instanceof Map ? container.size : Object.keys(container).length;

/**
 * The axis of a leaf.
 * @param where - What error messages begin with.
 * @param path - Its path in the module or State around it; `undefined` where there is none.
 * @throws {@link StructureError} for axes that a leaf cannot have.
 */
export function axisOfLeaf(
  where: () => string,
  axes: MapAxes,
  path: Path | undefined,
  value: unknown,
): MapAxis {
  if (axes instanceof StateAxes) {
    if (path) return axes.axisOf(path, value);
    throw new StructureError(
      `${where()}: expected an axis for a value that is in no module, Variable or State, got StateAxes for ${describe(value)}. ` +
        "StateAxes select Variables: give a tensor its axis as a number.",
    );
  }
  if (isAxis(axes)) return axes;
  throw isTree(axes)
    ? new StructureError(
        `${where()}: expected one axis for ${describe(value)}, got ${describe(axes)}. MapAxes for each part are for arrays and plain objects.`,
      )
    : noAxis(where(), axes);
}

/** Whether some axes have {@link Carry}, at the top or in a part. */
export function hasCarry(axes: MapAxes): boolean {
  if (axes === Carry) return true;
  return isTree(axes) && Object.values(axes).some(hasCarry);
}

/**
 * The axes of each argument.
 * @throws {@link StructureError} when a list of axes has not one for each argument.
 */
export function axesOfArguments(where: string, inAxes: MapAxes, count: number): readonly MapAxes[] {
  if (!Array.isArray(inAxes)) {
    if (isAxis(inAxes) || inAxes instanceof StateAxes) return new Array<MapAxes>(count).fill(inAxes);
  } else if (inAxes.length === count && inAxes.every((each) => isAxes(each))) return inAxes;
  throw new StructureError(
    `${where}: expected inAxes to be an axis, null, or one of these for each of ${count} arguments, got ${described(inAxes)}. ` +
      (Array.isArray(inAxes) && inAxes.includes(Carry)
        ? aboutCarry
        : "Write null for what is not looped over."),
  );
}

/** For those who did not give axes, and read of some: they are scan's own. */
const aboutCarry =
  "Write { inAxes }, with null for what is not looped over: without it, scan takes a carry and one argument, [Carry, 0]; for a carry alone " +
  "write { inAxes: Carry, outAxes: Carry, length }.";

/** Axes that are nested deeper contain themselves, most likely. */
const mostLevels = 100;

/** Whether something is an axis or axes for each part. */
export const isAxes = (x: unknown, level = 0): x is MapAxes =>
  isAxis(x) ||
  x instanceof StateAxes ||
  (containerKind(x) !== undefined &&
    level < mostLevels &&
    Object.values(x as object).every((each) => isAxes(each, level + 1)));

const described = (axes: unknown): string =>
  Array.isArray(axes)
    ? `[${axes.map((each) => (each === Carry ? "Carry" : describe(each))).join(", ")}]`
    : describe(axes);

/** @throws {@link StructureError} for a number of slices that is none. */
export function checkAxisSize(where: string, option: string, size: unknown): void {
  if (size === undefined || (Number.isInteger(size) && (size as number) >= 0)) return;
  throw new StructureError(
    `${where}: expected ${option} to be a number of slices, got ${describe(size)}. Leave it out where an argument tells.`,
  );
}
