/** @file Writing the results of a step, all or nothing. */
import type { Tensor } from "@nnxjs/kernels/internal";
import { formatPath, type Path, StructureError, type Variable } from "@nnxjs/nnx-core";
import {
  glance,
  hold,
  isUnseen,
  isWritable,
  type Lease,
  leaveToModules,
  setChild,
  unread,
} from "@nnxjs/nnx-core/internal";
import type { BareTensor } from "./parameters.ts";

/** What a Variable will hold after a step. */
export type Change = readonly [variable: Variable, value: unknown];

/** What an attribute without a Variable around it will be after a step. */
export interface BareChange {
  readonly place: BareTensor;
  readonly path: Path;
  readonly before: Tensor;
  readonly after: Tensor;
}

/**
 * Writes to Variables through their `setValue`, and to attributes of the model.
 * @throws what a `setValue` throws, and StructureError for an attribute that cannot be written; all
 * is as before then.
 */
export function commit(changes: readonly Change[], bare: readonly BareChange[]): void {
  const undo: (() => void)[] = [];
  try {
    for (const [variable, value] of changes) {
      // The step wrote over the value, which nobody has seen.
      if (isUnseen(variable) && glance(variable, (each) => each.getRawValue()) === value) continue;
      const before = unread(() => variable.toState());
      // First, since an override may throw after it wrote.
      undo.push(() => variable.takeState(before));
      variable.value = value;
    }
    for (const change of bare) {
      write(change);
      undo.push(() => setChild(change.place.owner, change.place.key, change.before));
    }
  } catch (error) {
    for (const each of undo) each();
    throw error;
  }
  for (const { before, after } of bare) handBack(before, after);
}

function write({ place: { owner, key }, path, after }: BareChange): void {
  if (!isWritable(owner, key)) {
    throw new StructureError(
      `Optimizer.update at ${formatPath(path)}: expected an attribute that can be written, got a frozen one. ` +
        "Leave it out with { wrt }, or put a Variable around the tensor.",
    );
  }
  setChild(owner, key, after);
}

/** What an optimizer wrote to attributes. Nobody else frees it when the next step replaces it. */
const leases = new WeakMap<Tensor, Lease>();

/**
 * The new tensor is held for the model. The old one is let go where an optimizer wrote it, or left
 * to the user.
 */
function handBack(before: Tensor, after: Tensor): void {
  const lease = leases.get(before);
  leases.set(after, hold(after));
  if (lease) lease.release();
  else leaveToModules(before);
}
