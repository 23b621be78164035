/** @file The arguments of one call: which are differentiated, and how all of them are prepared. */
import { describe, GradientError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { iterNodes, nodesOf } from "../graph/iterate.ts";
import { refuseDisposed } from "../state/disposed.ts";
import { attachTo } from "../ownership/scopes.ts";
import { formatPath } from "../path.ts";
import { isTensor, type Tensor, tapeEngine, zeros } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import { differentiable } from "./argument.ts";
import { type Differentiable, type Preparation, Seen } from "./differentiable.ts";
import type { Argnum, DiffState } from "./grad-types.ts";
import { dependents } from "./tape.ts";

/** Whether it is an object, and not a number or what else a caller in JavaScript may pass. */
const isDiffState = (each: unknown): each is DiffState => typeof each === "object" && each !== null;

/**
 * The positions of `argnums`, each with a filter.
 * @throws {@link GradientError} for a position that no argument has, or that is named twice.
 */
export function toPositions(
  where: string,
  argnums: Argnum | readonly Argnum[],
  count: number,
  wrt: Filter,
): DiffState[] {
  const list = Array.isArray(argnums) ? Array.from(argnums as readonly Argnum[]) : [argnums as Argnum];
  if (count === 0 && list.length > 0) {
    throw new GradientError(
      `${where}: expected a call with the model, or what else the gradient is for, got one without arguments. Make it an ` +
        "argument of the loss: ((m) => …)(model), not (() => …)().",
    );
  }
  const positions = list.map((each) => (isDiffState(each) ? each : { argnum: each, filter: wrt }));
  positions.forEach(({ argnum }, i) => {
    if (!Number.isInteger(argnum) || argnum < 0 || argnum >= count) {
      throw new GradientError(
        `${where}: expected argnums between 0 and ${count - 1}, got ${describe(argnum)}. The function was called with ${count} ` +
          "arguments: name the position of one of them.",
      );
    }
    if (positions.findIndex((other) => other.argnum === argnum) < i) {
      throw new GradientError(
        `${where}: expected different argnums, got ${argnum} twice. Name each argument once.`,
      );
    }
  });
  return positions;
}

/** For each run that lasts, the tensors that it takes gradients of. */
const beingTaken = new Set<readonly Tensor[]>();

/** The tensors that gradients are being taken of now. */
export const watchedNow = (): Tensor[] => [...beingTaken].flat();

/** The prepared arguments of one call. */
export interface PreparedCall {
  /** What the function is called with. */
  readonly args: readonly unknown[];
  /** The tensors of all differentiated arguments. */
  readonly watched: readonly Tensor[];
  /** For each watched tensor, whether a gradient is taken of it. */
  readonly wanted: readonly boolean[];
  /**
   * Makes the gradient of each differentiated argument, from one gradient for each watched tensor.
   * Missing ones are zeros.
   */
  build(gradients: readonly (Tensor | undefined)[]): unknown[];
  /** Takes such gradients apart: one tensor for each watched one. */
  read(gradients: readonly unknown[]): (Tensor | undefined)[];
  /** Puts the model's own values back. */
  restore(): void;
}

/** How the arguments of a call are prepared. */
export interface CallOptions {
  /**
   * Whether arguments at these positions that can have no gradient are refused or passed on.
   * @defaultValue "refuse"
   */
  readonly others?: Preparation["others"];
  /**
   * Which watched tensors a gradient is taken of:
   *
   * - `"all"`: `grad` and what is like it;
   * - `"passing"`: those that depend on tensors of which a run around this one takes gradients.
   *   `remat` and `customVjp` take none themselves;
   * - a list: the `wanted` of an earlier call.
   * @defaultValue "all"
   */
  readonly wanted?: "all" | "passing" | readonly boolean[];
}

/**
 * Prepares the arguments at these positions. Call it in a scope, and `restore` in the same scope.
 */
export function prepareCall(
  where: string,
  args: readonly unknown[],
  positions: readonly DiffState[],
  { others = "refuse", wanted: asked = "all" }: CallOptions = {},
): PreparedCall {
  refuseDisposed(where, args);
  const seen = new Seen();
  const prepared: Differentiable[] = [];
  let taken: readonly Tensor[] = [];
  const stopAttaching = attachTo(args);
  const restore = (): void => {
    stopAttaching();
    beingTaken.delete(taken);
    for (const each of prepared) each.restore();
  };
  try {
    for (const { argnum, filter } of positions) {
      prepared.push(differentiable(args[argnum], `argument ${argnum}`, { where, wrt: filter, others, seen }));
    }
    refuseAliases(where, args, positions, seen);
  } catch (error) {
    restore();
    throw error;
  }
  const watched = prepared.flatMap((each) => each.watched);
  const wanted = wantedOf(watched, asked);
  taken = watched.filter((_, i) => wanted[i]);
  beingTaken.add(taken);
  const replaced = [...args];
  prepared.forEach((each, i) => {
    replaced[positions[i]?.argnum as number] = each.argument;
  });
  return {
    args: replaced,
    watched,
    wanted,
    build: (gradients) => {
      let start = 0;
      return prepared.map((each) => {
        const own = each.watched.map((tensor, i) => gradients[start + i] ?? zeros(tensor.shape));
        start += own.length;
        return each.build(own);
      });
    },
    read: (gradients) => prepared.flatMap((each, i) => each.read(gradients[i])),
    restore,
  };
}

function wantedOf(watched: readonly Tensor[], asked: NonNullable<CallOptions["wanted"]>): readonly boolean[] {
  if (asked === "all") return watched.map(() => true);
  if (asked !== "passing") return asked;
  const differentiated = dependents(tapeEngine().state.activeTape ?? [], watchedNow());
  return watched.map(({ id }) => differentiated.has(id));
}

const isObject = (x: unknown): x is object => typeof x === "object" && x !== null && !isTensor(x);

/** The Variables in an argument that is a module, a Variable, or a container of these. */
export const variablesOf = (argument: unknown): Variable[] =>
  isObject(argument)
    ? [...nodesOf(argument)].filter((node): node is Variable => node instanceof Variable)
    : [];

/** Refuses a Variable that is differentiated in one argument and a constant in another. */
function refuseAliases(
  where: string,
  args: readonly unknown[],
  positions: readonly DiffState[],
  seen: Seen,
): void {
  args.forEach((argument, i) => {
    if (positions.some(({ argnum }) => argnum === i)) return;
    const shared = variablesOf(argument).find((variable) => seen.hasVariable(variable));
    if (!shared) return;
    const [path = []] = [...iterNodes(argument)].find(([, node]) => node === shared) ?? [];
    throw new GradientError(
      `${where}: expected arguments that share nothing with the differentiated ones, got argument ${i}, whose ` +
        `${formatPath(path)} is differentiated in another. Add ${i} to argnums, or pass a clone.`,
    );
  });
}
