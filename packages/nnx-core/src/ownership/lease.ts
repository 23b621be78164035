/**
 * @file Who owns a tensor. tensorflow.js frees what a scope (`tf.tidy`) made when the scope ends;
 * Variables and States hold tensors for longer. So a tensor is one of these:
 *
 *     the scope's   made in a scope, which frees it at its end
 *     the user's    made outside of all scopes, or kept with `tf.keep`
 *     held          by one {@link Lease} or more: no scope frees it
 *     a module's    an attribute without a Variable: Leases keep it from scopes, but do not free it
 *
 *     the scope's ─┐ ◄── the last handOver ───┐
 *                  ├─ hold ─► held once ─ hold ─► held twice, and so on
 *     the user's ──┘              └─ the last release ─► freed; where a scope is open, at its end
 *
 *     any of these ─ leaveToModules ─► a module's
 */
import { disposeRemains, isTensor, keep, makeGuard, type Tensor, type TensorRemains } from "../tensor.ts";
import { giveBack, giveToScope, inScope } from "./tensor-scopes.ts";
import { describe, disposedAdvice, DisposedError } from "../errors.ts";
import { forEachTensor } from "./tensors-in.ts";

type Remains = TensorRemains & { freed: boolean };

/**
 * Stands on the tensor itself: a WeakMap beside it costs several times as much, for each leaf of
 * each split. The count is ours because tensorflow.js's own `clone()` copies on the wasm backend.
 */
interface Count {
  leases: number;
  /** The user had kept the tensor before we did, so freeing it stays the user's. */
  keptByUser: boolean;
  /** Who reads or replaces an attribute of a module is not told, so Leases must not free it. */
  isAttribute: boolean;
  /** A Lease for good has, or had, the tensor: it is nobody else's, whoever made it. */
  isForGood: boolean;
  /** What frees the data of a tensor that nobody can reach; missing where its scope will do that. */
  remains: Remains | undefined;
}

const counted: unique symbol = Symbol("nnx.leases");
const countOf = (tensor: Tensor): Count | undefined => (tensor as Tensor & { [counted]?: Count })[counted];

/** How many Leases have this tensor. */
export const holdersOf = (tensor: Tensor): number => countOf(tensor)?.leases ?? 0;

/** Frees the data of counted tensors that became unreachable before anybody freed them. */
const net = new FinalizationRegistry<Remains>((remains) => {
  if (remains.freed) return;
  remains.freed = true;
  disposeRemains(remains);
});

const guard = makeGuard((tensor) => {
  const count = countOf(tensor);
  if (count?.remains) count.remains.freed = true;
});

/** The tensor's count, which is zero at first. */
function counting(tensor: Tensor): Count {
  const known = countOf(tensor);
  if (known) return known;
  guard(tensor);
  const count: Count = {
    leases: 0,
    keptByUser: false,
    isAttribute: false,
    isForGood: false,
    remains: undefined,
  };
  (tensor as Tensor & { [counted]?: Count })[counted] = count;
  return count;
}

/** Has the data of a tensor freed when the tensor becomes unreachable before anybody frees it. */
function watch(tensor: Tensor, count: Count): void {
  if (count.remains) return;
  const { dataId, dtype, size } = tensor;
  count.remains = { dataId, dtype, size, freed: false };
  net.register(tensor, count.remains);
}

/**
 * How long something is held: until the holder says otherwise, which it may forget; to be ended by a
 * scope or a loan; or for good, see {@link hold}.
 */
type Span = "held" | "lent" | "for good";

function retain(tensor: Tensor, span: Span): void {
  if (tensor.isDisposed) {
    throw new DisposedError(
      `Variable: expected a value of live tensors, got ${describe(tensor)} that was disposed. ${disposedAdvice}`,
    );
  }
  const count = counting(tensor);
  // To watch a tensor costs more than to hold it.
  if (span !== "lent") watch(tensor, count);
  if (span === "for good") count.isForGood = true;
  if (count.leases++ > 0) return;
  count.keptByUser = tensor.kept;
  keep(tensor);
}

function retainAll(values: unknown, span: Span): void {
  if (isTensor(values)) {
    retain(values, span);
    return;
  }
  let held = 0;
  try {
    forEachTensor(values, (tensor) => {
      retain(tensor, span);
      held++;
    });
  } catch (error) {
    // All or none.
    forEachTensor(values, (tensor) => {
      if (held-- > 0) letGo(tensor, giveBack);
    });
    throw error;
  }
}

/** What becomes of a tensor that nobody holds any more, unless it is a module's or the user's. */
type Fate = (tensor: Tensor, count: Count) => void;

// Inside a scope somebody may have read the value a line ago: it stays valid until the scope ends.
const free: Fate = (tensor) => (inScope() ? giveToScope(tensor) : tensor.dispose());

const leave: Fate = (tensor, { isForGood }) => (isForGood ? giveToScope(tensor) : giveBack(tensor));

function letGo(tensor: Tensor, fate: Fate): void {
  const count = countOf(tensor);
  if (!count || count.leases === 0 || --count.leases > 0 || count.keptByUser || tensor.isDisposed) return;
  if (count.isAttribute) giveBack(tensor);
  else fate(tensor, count);
  count.isForGood = false;
}

const releaseOne = (tensor: Tensor): void => letGo(tensor, free);
const handOverOne = (tensor: Tensor): void => letGo(tensor, leave);

function markForGood(tensor: Tensor): void {
  const count = countOf(tensor);
  if (!count) return;
  watch(tensor, count);
  count.isForGood = true;
}

/**
 * One holder's hold on the tensors in some values: while it lasts, neither a scope nor another
 * holder frees them. It ends once.
 */
export class Lease {
  /** What it holds; nothing after its end. */
  values: unknown;
  end: "released" | "handed over" | undefined = undefined;

  /** See {@link hold}. */
  constructor(values: unknown, span: Span) {
    retainAll(values, span);
    this.values = values;
  }

  /**
   * The holder needs the tensors no more. Those that nobody else holds are freed, at the end of the
   * scope where one is open.
   */
  release(): void {
    this.finish("released", releaseOne);
  }

  /**
   * The holder passes the tensors on. Those that nobody else holds are the scope's again that made
   * them, or the user's; what was held for good is the open scope's, or the caller's.
   */
  handOver(): void {
    this.finish("handed over", handOverOne);
  }

  private finish(how: "released" | "handed over", each: (tensor: Tensor) => void): void {
    if (this.end !== undefined) return;
    const { values } = this;
    this.values = undefined;
    this.end = how;
    forEachTensor(values, each);
  }

  /** The holder is no scope's any more. */
  holdForGood(): void {
    forEachTensor(this.values, markForGood);
  }
}

/**
 * Holds every tensor in `values`.
 * @param span - "for good": the holder belongs to no scope, and owns what it has. When it lets go,
 * the tensors are not left to those who made them. "lent": a scope, or who lends the values, ends
 * the Lease in any case.
 * @throws {@link DisposedError} when one was disposed; none is held then.
 */
export const hold = (values: unknown, span: Span = "held"): Lease => new Lease(values, span);

/**
 * The Lease of every Variable, which is told the value each time: a Lease of its own would add two
 * thirds to the memory that a Variable takes.
 */
export const variableLease = {
  hold: (value: unknown, isForGood: boolean): void => retainAll(value, isForGood ? "for good" : "lent"),
  release: (value: unknown): void => forEachTensor(value, releaseOne),
  handOver: (value: unknown): void => forEachTensor(value, handOverOne),
  holdForGood: (value: unknown): void => forEachTensor(value, markForGood),
} as const;

/** Says that tensors are attributes of modules: no Lease frees them when it ends. */
export const leaveToModules = (values: unknown): void =>
  forEachTensor(values, (tensor) => {
    const count = counting(tensor);
    watch(tensor, count);
    count.isAttribute = true;
  });

/** Frees, at once, the tensors that no Lease, no module and no `tf.keep` of the user's has. */
export const discard = (values: unknown): void =>
  forEachTensor(values, (tensor) => {
    if (holdersOf(tensor) === 0 && !countOf(tensor)?.isAttribute && !tensor.isDisposed && !tensor.kept)
      tensor.dispose();
  });

/** Whether a tensor in `value` was disposed. */
export function hasDisposed(value: unknown): boolean {
  let found = false;
  forEachTensor(value, (tensor) => {
    found ||= tensor.isDisposed;
  });
  return found;
}
