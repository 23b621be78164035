/**
 * @file The tensors inside a value: the value itself, or nested in arrays, plain objects and Maps.
 */
import { describe, StructureError } from "../errors.ts";
import { isContainer, itemsOf, mapItems } from "../data/containers.ts";
import { isTensor, type Tensor } from "../tensor.ts";

/** A value that is nested deeper contains itself, most likely. */
const mostLevels = 500;
/** Sharing multiplies from level to level: a value of more containers has no end in practice. */
const mostContainers = 1_000_000;

interface Walk {
  readonly visit: (tensor: Tensor) => void;
  containers: number;
}

/**
 * Calls `visit` on each tensor in `value`.
 * @throws StructureError for values that contain themselves, or are nested more than 500 levels
 * deep.
 */
export function forEachTensor(value: unknown, visit: (tensor: Tensor) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (isTensor(value)) visit(value);
  else walk(value, { visit, containers: 0 }, 0);
}

function walk(value: unknown, state: Walk, level: number): void {
  if (typeof value !== "object" || value === null) return;
  if (isTensor(value)) {
    state.visit(value);
    return;
  }
  if (!isContainer(value)) return;
  if (level > mostLevels || ++state.containers > mostContainers) throw endless(value);
  // By index, since every State is held as one array.
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) walk(value[i], state, level + 1);
  else for (const item of itemsOf(value)) walk(item, state, level + 1);
}

const endless = (value: object): StructureError =>
  new StructureError(
    `Variable: expected a value of at most ${mostLevels} levels that does not contain itself, got ${describe(value)}. ` +
      "Keep lists and plain objects of tensors and numbers in Variables; put modules in between where things refer to each other.",
  );

/**
 * The same structure with each tensor replaced; values without tensors are returned as they are.
 * @throws StructureError as {@link forEachTensor}.
 */
export function mapTensors(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  // Refused before the first tensor is made: nobody would free it.
  forEachTensor(value, ignore);
  return mapped(value, replace);
}

const ignore = (): void => {};

function mapped(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isTensor(value)) return replace(value);
  return isContainer(value) ? mapItems(value, (item) => mapped(item, replace)) : value;
}

/** All tensors in `value`, in order. */
export function tensorsIn(value: unknown): Tensor[] {
  const found: Tensor[] = [];
  forEachTensor(value, (tensor) => found.push(tensor));
  return found;
}
