/**
 * @file The Variables, and arrays without one, that a run has put into modules: each slice makes its
 * own, and the last slice's get the values of all.
 */
import { pathOf, type Place } from "../data/place.ts";
import { describe, StructureError } from "../errors.ts";
import { childAt, setChild } from "../graph/node.ts";
import { Walk } from "../graph/walk.ts";
import { formatPath, pathKey, type Path, type PathPart } from "../path.ts";
import type { Variable } from "../variable/variable.ts";
import { type Metadata, sameMetadata } from "../variable/variable-state.ts";
import { type MapAxes, axisOfLeaf } from "./axes.ts";
import type { Joining } from "./joining.ts";

/** What the arguments have, and what the run has made. */
export interface Origins {
  /** Whether an argument has the Variable, or the array at this place of an object. */
  isGiven(owner: object, key?: PathPart): boolean;
  /** Whether the run has made the Variable. */
  isMade(variable: Variable): boolean;
}

/** A Variable, an array without one, or an attribute that is no data. */
interface Leaf {
  readonly place: Place;
  readonly variable: Variable | undefined;
  /** Where an array stands. */
  readonly owner: object | undefined;
  readonly key: PathPart;
  readonly value: unknown;
  readonly isStatic: boolean;
}

/** What one slice has newly put below a module or container. */
export type NewLeaves = readonly Leaf[];

/**
 * Lists what is new below a module or container.
 * @throws {@link StructureError} for a Variable that is neither given nor new.
 */
export function newLeavesIn(root: unknown, where: string, origins: Origins): NewLeaves {
  const found: Leaf[] = [];
  const walk = new Walk(root);
  while (walk.nextOnce("all")) {
    const { kind, value, key } = walk;
    if (kind === "left") continue;
    const owner = walk.owner?.value;
    const shared = { place: walk.place(), key };
    if (kind === "variable") {
      const variable = value as Variable;
      if (origins.isGiven(variable)) continue;
      if (!origins.isMade(variable)) throw captured(where, walk.path(), variable);
      const isFirst = found.every((each) => each.variable !== variable);
      if (isFirst) found.push({ ...shared, variable, owner, value: variable.getRawValue(), isStatic: false });
    } else if (owner && !origins.isGiven(owner, key)) {
      found.push({ ...shared, variable: undefined, owner, value, isStatic: kind === "static" });
    }
  }
  return found;
}

const captured = (where: string, path: Path, variable: Variable): StructureError =>
  new StructureError(
    `${where} at ${formatPath(path)}: expected modules and Variables that are arguments or new, got a ${describe(variable)} that the ` +
      "function closes over. Pass its module as an argument.",
  );

/**
 * Gives what the last slice made the values of all slices.
 * @param slices - What each slice made, in the order of the slices.
 * @param last - Which of them is the last that ran, whose objects stay.
 * @param joining - How values become one.
 * @throws {@link StructureError} when slices made different things.
 */
export function joinNewLeaves(
  where: string,
  slices: readonly NewLeaves[],
  last: number,
  axes: MapAxes,
  done: Set<Variable>,
  joining: Joining,
): void {
  const own = slices[last] as NewLeaves;
  slices.forEach((leaves, index) => {
    refuseOthers(where, own, leaves, index);
  });
  own.forEach((leaf, i) => {
    const { variable, owner, key, isStatic, place } = leaf;
    const path = pathOf(place);
    if (isStatic || (variable && done.has(variable))) return;
    const values = slices.map((leaves) => (leaves[i] as Leaf).value);
    const axis = axisOfLeaf(() => where, axes, path, variable ?? leaf.value);
    const misfit = (odd: unknown, index: number): StructureError =>
      new StructureError(
        `${where} at ${formatPath(path)}: expected ${typeof axis === "number" ? "values of one structure and shape" : "one value"} for ` +
          `all slices, got ${describe(values[0])} for the first slice and ${describe(odd)} for slice ${index}. ` +
          "Give what differs an axis, or make it alike for all slices.",
      );
    const joined =
      typeof axis === "number"
        ? joining.stack(values, axis, misfit, variable)
        : joining.same(values, last, misfit, variable);
    if (variable) {
      variable.setRawValue(joined);
      done.add(variable);
    } else if (joined !== childAt(owner as object, key)) setChild(owner as object, key, joined);
  });
  slices.forEach((leaves, index) => {
    if (index !== last) disposeLeaves(leaves, own);
  });
}

/** Disposes the Variables that one slice made, except those that stay. */
export function disposeLeaves(leaves: NewLeaves, kept: NewLeaves = []): void {
  const staying = new Set(kept.map(({ variable }) => variable));
  for (const { variable } of leaves) if (variable && !staying.has(variable)) variable.dispose();
}

const none: Metadata = {};
const metadataOf = ({ variable }: Leaf): Metadata => variable?.metadata ?? none;

const isPrimitive = (x: unknown): boolean => (typeof x !== "object" && typeof x !== "function") || x === null;

function refuseOthers(where: string, own: NewLeaves, others: NewLeaves, index: number): void {
  if (own === others) return;
  for (let i = 0; i < Math.max(own.length, others.length); i++) {
    const [a, b] = [own[i], others[i]];
    const differs =
      !a ||
      !b ||
      pathKey(pathOf(a.place)) !== pathKey(pathOf(b.place)) ||
      a.isStatic !== b.isStatic ||
      a.variable?.type !== b.variable?.type ||
      !sameMetadata(metadataOf(a), metadataOf(b)) ||
      // Each slice may make functions and objects of its own. Only plain values tell a difference.
      (a.isStatic && (isPrimitive(a.value) || isPrimitive(b.value)) && !Object.is(a.value, b.value));
    if (!differs) continue;
    const path = pathOf((a ?? b)!.place);
    throw new StructureError(
      `${where} at ${formatPath(path)}: expected modules of one structure for all slices, got ${shown(a)} for one slice and ` +
        `${shown(b)} for slice ${index}. Use tensors for what differs.`,
    );
  }
}

function shown(leaf: Leaf | undefined): string {
  if (!leaf) return "nothing";
  const entries = Object.keys(metadataOf(leaf));
  const text = describe(leaf.variable ?? leaf.value);
  return entries.length > 0 ? `${text} with metadata {${entries.join(", ")}}` : text;
}
