/** @file What a loop hands from one step to the next: it must keep its structure. */
import { isContainer, ownKeysOf } from "../data/containers.ts";
import { isAsKept, keptData } from "../data/kept-data.ts";
import { pathOf } from "../data/place.ts";
import { describe, StructureError } from "../errors.ts";
import { isInContainers } from "../graph/frame.ts";
import { GraphNode } from "../graph/node.ts";
import { sameRecipe } from "../graph/registry.ts";
import { Walk } from "../graph/walk.ts";
import { formatPath, type Path } from "../path.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { withoutParts } from "../program/parts.ts";
import { heldValue } from "../state/state.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { unread } from "../variable/observer.ts";
import type { Variable } from "../variable/variable.ts";

/** One part of a carry, and what must stay of it. */
interface Part {
  readonly path: () => Path;
  /** Its kind, shape and dtype in words. */
  readonly text: string;
  /** The module or Variable, where its identity counts. */
  readonly node: object | undefined;
  /** What stays the same in all steps, since a program has it once: as it is, and a copy. */
  readonly fixed: { readonly now: unknown; readonly kept: unknown } | undefined;
}

/** The parts of a carry. */
export type CarryParts = readonly Part[];

/**
 * Lists the parts of a carry: values, and what is in its modules.
 * @param isRecorded - Whether a program has to give them: it computes tensors, keys and numbers alone.
 */
export function partsOfCarry(carry: unknown, isRecorded = false): CarryParts {
  const parts: Part[] = [];
  // The carry itself may be a value. In a list it has a place.
  const walk = new Walk([carry]);
  while (walk.nextOnce("all")) {
    const { kind, value, owner } = walk;
    const place = walk.place();
    const path = (): Path => pathOf(place).slice(1);
    const isTop = kind !== "left" && owner !== undefined && isInContainers(owner);
    const isTopNode = kind === "left" && value instanceof GraphNode && isInContainers(owner);
    const node = (isTop && kind === "variable") || isTopNode ? (value as object) : undefined;
    if (kind === "left" && !(value instanceof GraphNode) && !owner) continue;
    // A carry without data is a static list, like the list that it is in.
    const isList = kind === "static" && !owner;
    const now = isRecorded ? fixedIn(kind, isList ? (value as readonly unknown[])[0] : value) : undefined;
    const fixed = isRecorded ? { now, kept: keptData(now) } : undefined;
    parts.push({ path, text: textOf(kind, value), node, fixed });
  }
  return parts;
}

/** What is in a part besides tensors, keys and numbers, and besides other parts. */
function fixedIn(kind: Walk["kind"], value: unknown): unknown {
  // Code may go through the items in their order.
  if (kind === "left") return isContainer(value) ? ownKeysOf(value) : undefined;
  if (kind === "static") return withoutParts(value);
  if (kind !== "leaf" || !isVariableState(value)) return undefined;
  return [value.type, value.metadata, withoutParts(heldValue(value))];
}

function textOf(kind: Walk["kind"], value: unknown): string {
  if (kind === "variable") {
    const variable = value as Variable;
    const kept = unread(() => (variable.isDisposed ? undefined : variable.getRawValue()));
    return `${variable.type.typeName} of ${variable.isDisposed ? "nothing" : textOfValue(kept)}`;
  }
  if (kind === "leaf")
    return isVariableState(value)
      ? `${value.type.typeName} of ${textOfValue(heldValue(value))}`
      : describe(value);
  if (kind === "static")
    return typeof value === "object" && value !== null ? textOfValue(value) : typeof value;
  return "";
}

function textOfValue(value: unknown): string {
  const tensors = tensorsIn(value);
  if (tensors.length > 0) return tensors.map(describe).join(", ");
  if (typeof value !== "object" || value === null) return typeof value;
  return "shape" in value && "dtype" in value ? describe(value) : "an object";
}

/**
 * Refuses a carry that is not like the first one.
 * @param name - What error messages call it, such as "the carry".
 * @throws {@link StructureError} with the path.
 */
export function refuseOtherCarry(where: string, name: string, first: CarryParts, parts: CarryParts): void {
  for (let i = 0; i < Math.max(first.length, parts.length); i++) {
    const [before, after] = [first[i], parts[i]];
    const isSamePlace = before && after && formatPath(before.path()) === formatPath(after.path());
    const at = formatPath((before ?? after)!.path());
    const place = at === "(root)" ? where : `${where} at ${at}`;
    if (!isSamePlace || before.text !== after.text) {
      throw new StructureError(
        `${place}: expected ${name} to have the same structure, shapes and dtypes after each step, got ${shown(before)} before it and ` +
          `${shown(after)} after it. Return what has the form of the first value; cast or reshape it if need be.`,
      );
    }
    refuseOtherFixed(place, name, before, after);
    if (before.node === after.node) continue;
    throw new StructureError(
      `${place}: expected ${name} to have the same modules and Variables after each step, got another one, ${describe(after.node)}. ` +
        "Write into the module that the function gets, and return that one.",
    );
  }
}

/**
 * Refuses the results of a branch that are not like those of another one.
 * @throws {@link StructureError} with the path.
 */
export function refuseOtherParts(where: string, first: CarryParts, parts: CarryParts): void {
  for (let i = 0; i < Math.max(first.length, parts.length); i++) {
    const [one, other] = [first[i], parts[i]];
    const isSamePlace = one && other && formatPath(one.path()) === formatPath(other.path());
    const at = formatPath((one ?? other)!.path());
    const place = at === "(root)" ? where : `${where} at ${at}`;
    if (isSamePlace && one.text === other.text && one.node === other.node) {
      refuseOtherFixed(place, "the result", one, other);
      continue;
    }
    throw new StructureError(
      `${place}: expected branches with results of one structure, with the same shapes, dtypes and modules, in a ` +
        `recorded function, got ${shown(one)} from one and ${shown(other)} from another. Cast or reshape, or choose outside of the recorded function.`,
    );
  }
}

/** @throws {@link StructureError} for what a replay would not give. */
function refuseOtherFixed(place: string, name: string, one: Part, other: Part): void {
  if (isAsKept(one.fixed?.kept, other.fixed?.now, sameRecipe)) return;
  const isShort = [one, other].every(({ fixed }) => typeof fixed?.now !== "object" || fixed.now === null);
  const got = isShort
    ? `${describe(one.fixed?.now)} and ${describe(other.fixed?.now)}`
    : `${one.text || "a container"} with other contents, another order, type or metadata`;
  throw new StructureError(
    `${place}: expected ${name} to differ in tensors and keys alone, in a recorded function, got ${got}. ` +
      "Use a tensor for what differs, or choose outside of the recorded function.",
  );
}

const shown = (part: Part | undefined): string => (part ? part.text || "a module or container" : "nothing");
