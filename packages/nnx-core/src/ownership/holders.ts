/**
 * @file Who holds a tensor. Variables and States retain what they store and release it when they let go; the last one
 * out frees it. The count is ours because `clone()` copies on the wasm backend.
 */
import {
  disposeRemains,
  giveToScope,
  guard,
  inScope,
  isTensor,
  keep,
  type Tensor,
  type TensorRemains,
} from "../tensor.ts";
import { describe, DisposedError } from "../errors.ts";
import { forEachTensor } from "./tensors-in.ts";

type Remains = TensorRemains & { freed: boolean };

/** Stands on the tensor itself: a WeakMap beside it costs several times as much, for each leaf of each split. */
interface Hold {
  count: number;
  /** The user had kept the tensor before we did, so freeing it stays the user's. */
  keptByUser: boolean;
  /** A module has it as an attribute, without a Variable: who reads or replaces that is not told, so only the garbage collector may free it. */
  isAttribute: boolean;
}

const hold: unique symbol = Symbol("nnx.hold");
const holdOf = (tensor: Tensor): Hold | undefined => (tensor as Tensor & { [hold]?: Hold })[hold];

/** Frees the data of guarded tensors that became unreachable before anybody freed them. */
const net = new FinalizationRegistry<Remains>((remains) => {
  if (remains.freed) return;
  remains.freed = true;
  disposeRemains(remains);
});

/** The tensor's hold, of nobody at first; from then on the tensor is watched. */
function guarded(tensor: Tensor): Hold {
  const known = holdOf(tensor);
  if (known) return known;
  const { dataId, dtype, size } = tensor;
  const remains: Remains = { dataId, dtype, size, freed: false };
  guard(tensor, () => {
    remains.freed = true;
  });
  net.register(tensor, remains);
  const created: Hold = { count: 0, keptByUser: false, isAttribute: false };
  Object.defineProperty(tensor, hold, { value: created });
  return created;
}

/** How many Variables and States hold this tensor. */
export const holdersOf = (tensor: Tensor): number => holdOf(tensor)?.count ?? 0;

function retainTensor(tensor: Tensor): void {
  const held = guarded(tensor);
  if (held.count++ > 0) return;
  held.keptByUser = tensor.kept;
  keep(tensor);
}

/** Lets go of a tensor; `true` when that was the last hold. */
function letGo(tensor: Tensor): boolean {
  const held = holdOf(tensor);
  if (!held || held.count === 0 || --held.count > 0) return false;
  return !held.keptByUser && !held.isAttribute && !tensor.isDisposed;
}

function releaseTensor(tensor: Tensor): void {
  if (!letGo(tensor)) return;
  // Inside a scope somebody may have read the value a line ago: it stays valid until the scope ends.
  if (inScope()) giveToScope(tensor);
  else tensor.dispose();
}

function refuseDisposed(tensor: Tensor): void {
  if (!tensor.isDisposed) return;
  throw new DisposedError(
    `Variable: expected a value of live tensors, got ${describe(tensor)} that was disposed. ` +
      "Dispose tensors, States and models only after their last use.",
  );
}

/** Whether a tensor in `value` was disposed. */
export function hasDisposed(value: unknown): boolean {
  let found = false;
  forEachTensor(value, (tensor) => {
    found ||= tensor.isDisposed;
  });
  return found;
}

/**
 * Holds every tensor in `value`: none is freed by a scope or by another holder from now on.
 * @throws {@link DisposedError} when one was disposed; none is held then.
 */
export function retain(value: unknown): void {
  if (isTensor(value)) {
    refuseDisposed(value);
    retainTensor(value);
    return;
  }
  // All are looked at before any is held.
  forEachTensor(value, refuseDisposed);
  forEachTensor(value, retainTensor);
}

/** Undoes one {@link retain}. A tensor nobody holds any more is freed, at the end of the scope where one is open. */
export const release = (value: unknown): void => forEachTensor(value, releaseTensor);

/** Undoes one {@link retain} without freeing: what nobody else holds becomes the open scope's, or the caller's. */
export const handOver = (value: unknown): void =>
  forEachTensor(value, (tensor) => {
    if (letGo(tensor)) giveToScope(tensor);
  });

/**
 * Holds the tensors of a result on behalf of whoever keeps it: those that somebody holds already, and all of them where
 * no scope is open. Inside a scope fresh results stay the scope's.
 * @returns the tensors that are now held, to be released with it.
 */
export function adopt(value: unknown): Tensor[] {
  const held: Tensor[] = [];
  const scoped = inScope();
  forEachTensor(value, (tensor) => {
    if (scoped && holdersOf(tensor) === 0) guarded(tensor);
    else {
      retainTensor(tensor);
      held.push(tensor);
    }
  });
  return held;
}

/** Notes that tensors are attributes of modules: letting go of them does not free them any more. */
export const leaveToModules = (value: unknown): void =>
  forEachTensor(value, (tensor) => {
    guarded(tensor).isAttribute = true;
  });

/** Frees the tensors in `value` that nobody holds: the rest of a result whose owner is done with it. */
export const discard = (value: unknown): void =>
  forEachTensor(value, (tensor) => {
    if (holdersOf(tensor) === 0 && !holdOf(tensor)?.isAttribute && !tensor.isDisposed && !tensor.kept)
      tensor.dispose();
  });
