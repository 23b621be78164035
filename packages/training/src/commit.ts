/** @file Writing the results of a step, all or nothing. */
import { dispose, type Path, unflattenState, update, type Variable } from "@nnxjs/nnx-core";
import { leaveToModules, release, retain } from "@nnxjs/nnx-core/internal";
import type { Tensor } from "./tensor.ts";

/** What a Variable will hold after a step. */
export type Change = readonly [variable: Variable, value: unknown];

/** What an attribute without a Variable around it will be after a step. */
export interface BareChange {
  readonly path: Path;
  readonly before: Tensor;
  readonly after: Tensor;
}

/**
 * Writes to Variables through their `setValue`, and to attributes of the model.
 * @throws what a `setValue` throws, and StructureError for an attribute that cannot be written; all
 * is as before then.
 */
export function commit(model: object, changes: readonly Change[], bare: readonly BareChange[]): void {
  const undo: (() => void)[] = [];
  try {
    for (const [variable, value] of changes) {
      const before = variable.toState();
      // First, since an override may throw after it wrote.
      undo.push(() => variable.takeState(before));
      variable.value = value;
    }
    if (bare.length > 0) writeBare(model, bare);
  } catch (error) {
    for (const each of undo) each();
    throw error;
  }
}

/** What an optimizer wrote to attributes. Nobody else frees it when the next step replaces it. */
const written = new WeakSet<Tensor>();

function writeBare(model: object, bare: readonly BareChange[]): void {
  const state = unflattenState(bare.map(({ path, after }) => [path, after]));
  for (const { after } of bare) retain(after);
  try {
    // All or nothing itself.
    update(model, state);
  } catch (error) {
    for (const { after } of bare) release(after);
    throw error;
  } finally {
    dispose(state);
  }
  for (const { before, after } of bare) {
    written.add(after);
    if (written.has(before)) release(before);
    // The user's: theirs to free, or the garbage collector's.
    else leaveToModules(before);
  }
}
