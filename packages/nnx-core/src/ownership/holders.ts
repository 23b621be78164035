/**
 * @file Who holds a tensor. Variables and States retain what they store and release it when they
 * let go; the last one out frees it. The count is ours because `clone()` copies on the wasm
 * backend.
 */
import { disposeRemains, isTensor, keep, makeGuard, type Tensor, type TensorRemains } from "../tensor.ts";
import { giveBack, giveToScope, inScope } from "./tensor-scopes.ts";
import { describe, disposedAdvice, DisposedError } from "../errors.ts";
import { forEachTensor } from "./tensors-in.ts";

type Remains = TensorRemains & { freed: boolean };

/**
 * Stands on the tensor itself: a WeakMap beside it costs several times as much, for each leaf of
 * each split.
 */
interface Hold {
  count: number;
  /** The user had kept the tensor before we did, so freeing it stays the user's. */
  keptByUser: boolean;
  /**
   * A module has it as an attribute, without a Variable: who reads or replaces that is not told, so
   * only the garbage collector may free it.
   */
  isAttribute: boolean;
  /**
   * Whether somebody holds it, or did, who is no scope's: the last one to let go frees it then,
   * whoever made it.
   */
  isClaimed: boolean;
  readonly remains: Remains;
}

const hold: unique symbol = Symbol("nnx.hold");
const holdOf = (tensor: Tensor): Hold | undefined => (tensor as Tensor & { [hold]?: Hold })[hold];

/** Frees the data of guarded tensors that became unreachable before anybody freed them. */
const net = new FinalizationRegistry<Remains>((remains) => {
  if (remains.freed) return;
  remains.freed = true;
  disposeRemains(remains);
});

const guard = makeGuard((tensor) => {
  const held = holdOf(tensor);
  if (held) held.remains.freed = true;
});

/** The tensor's hold, of nobody at first; from then on the tensor is watched. */
function guarded(tensor: Tensor): Hold {
  const known = holdOf(tensor);
  if (known) return known;
  const { dataId, dtype, size } = tensor;
  const remains: Remains = { dataId, dtype, size, freed: false };
  guard(tensor);
  net.register(tensor, remains);
  const created: Hold = { count: 0, keptByUser: false, isAttribute: false, isClaimed: false, remains };
  Object.defineProperty(tensor, hold, { value: created });
  return created;
}

/** How many Variables and States hold this tensor. */
export const holdersOf = (tensor: Tensor): number => holdOf(tensor)?.count ?? 0;

function retainTensor(tensor: Tensor): Hold {
  const held = guarded(tensor);
  if (held.count++ > 0) return held;
  held.keptByUser = tensor.kept;
  keep(tensor);
  return held;
}

function claimTensor(tensor: Tensor): void {
  retainTensor(tensor).isClaimed = true;
}

/**
 * Lets go of a tensor. What becomes of one that nobody holds any more is up to `free`, unless it is
 * somebody else's.
 */
function letGo(tensor: Tensor, free: (tensor: Tensor, held: Hold) => void): void {
  const held = holdOf(tensor);
  if (!held || held.count === 0 || --held.count > 0 || held.keptByUser || tensor.isDisposed) return;
  if (held.isAttribute) giveBack(tensor);
  else free(tensor, held);
  held.isClaimed = false;
}

// Inside a scope somebody may have read the value a line ago: it stays valid until the scope ends.
const freeOrGive = (tensor: Tensor): void => (inScope() ? giveToScope(tensor) : tensor.dispose());

const freeIfClaimed = (tensor: Tensor, { isClaimed }: Hold): void =>
  isClaimed ? giveToScope(tensor) : giveBack(tensor);

function refuseDisposed(tensor: Tensor): void {
  if (!tensor.isDisposed) return;
  throw new DisposedError(
    `Variable: expected a value of live tensors, got ${describe(tensor)} that was disposed. ${disposedAdvice}`,
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
export const retain = (value: unknown): void => retainAll(value, retainTensor);

/** As {@link retain}, by somebody who is no scope's. */
export const claim = (value: unknown): void => retainAll(value, claimTensor);

function retainAll(value: unknown, retainOne: (tensor: Tensor) => void): void {
  if (isTensor(value)) {
    refuseDisposed(value);
    retainOne(value);
    return;
  }
  let held = 0;
  try {
    forEachTensor(value, (tensor) => {
      refuseDisposed(tensor);
      retainOne(tensor);
      held++;
    });
  } catch (error) {
    // All or none.
    forEachTensor(value, (tensor) => {
      if (held-- > 0) letGo(tensor, giveBack);
    });
    throw error;
  }
}

/** Notes that who holds these is no scope's any more. */
export const claimHeld = (value: unknown): void =>
  forEachTensor(value, (tensor) => {
    const held = holdOf(tensor);
    if (held) held.isClaimed = true;
  });

/**
 * Undoes one {@link retain}. A tensor nobody holds any more is freed, at the end of the scope where
 * one is open.
 */
export const release = (value: unknown): void => forEachTensor(value, (tensor) => letGo(tensor, freeOrGive));

/**
 * As {@link release}, on behalf of a scope that ends: what only it held, but did not make, is the
 * user's.
 */
export const releaseAtEnd = (value: unknown): void =>
  forEachTensor(value, (tensor) => letGo(tensor, freeIfClaimed));

/**
 * Undoes one {@link retain} without freeing: what nobody else holds becomes the open scope's, or
 * the caller's.
 */
export const handOver = (value: unknown): void =>
  forEachTensor(value, (tensor) => letGo(tensor, giveToScope));

/** Notes that tensors are attributes of modules: letting go of them does not free them any more. */
export const leaveToModules = (value: unknown): void =>
  forEachTensor(value, (tensor) => {
    guarded(tensor).isAttribute = true;
  });

/**
 * Frees the tensors in `value` that nobody holds: the rest of a result whose owner is done with it.
 */
export const discard = (value: unknown): void =>
  forEachTensor(value, (tensor) => {
    if (holdersOf(tensor) === 0 && !holdOf(tensor)?.isAttribute && !tensor.isDisposed && !tensor.kept)
      tensor.dispose();
  });
