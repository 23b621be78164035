/** @file Which arguments of a call are differentiated, prepared together and put back together. */
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

/**
 * Positions with their filters.
 * @throws {@link GradientError} for one that is not there, or there twice.
 */
export function toPositions(
  where: string,
  argnums: Argnum | readonly Argnum[],
  count: number,
  wrt: Filter,
): DiffState[] {
  const list = Array.isArray(argnums) ? Array.from(argnums as readonly Argnum[]) : [argnums as Argnum];
  const positions = list.map((each) =>
    typeof each === "object" && each !== null ? each : { argnum: each, filter: wrt },
  );
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

/** What is differentiated by the runs that are going on now. */
const open = new Set<readonly Tensor[]>();

/** The tensors that runs going on now take gradients of. */
export const watchedNow = (): Tensor[] => [...open].flat();

/** The arguments of one call. */
export interface PreparedCall {
  /** What the function is called with. */
  readonly args: readonly unknown[];
  readonly watched: readonly Tensor[];
  /** Of each watched tensor, whether a gradient is taken of it. */
  readonly wanted: readonly boolean[];
  /**
   * One gradient in the structure of each position, from one for each watched tensor; missing ones
   * are zeros.
   */
  build(gradients: readonly (Tensor | undefined)[]): unknown[];
  /** The tensors of gradients in that structure, in the order of what is watched. */
  read(gradients: readonly unknown[]): (Tensor | undefined)[];
  /** Puts the model's own values back. */
  restore(): void;
}

/** How a call is prepared. */
export interface CallOptions {
  /**
   * Whether arguments without gradients at these positions are refused or passed on.
   * @defaultValue "refuse"
   */
  readonly others?: Preparation["others"];
  /**
   * Of which watched tensors a gradient is taken: all, as where gradients are asked for; those that
   * a run going on takes gradients of, as where gradients only pass through; or as in an earlier
   * call.
   * @defaultValue "all"
   */
  readonly wanted?: "all" | "passing" | readonly boolean[];
}

/**
 * Prepares the arguments at these positions. Call it, and what follows up to `restore`, in a scope.
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
  let counted: readonly Tensor[] = [];
  const stopAttaching = attachTo(args);
  const restore = (): void => {
    stopAttaching();
    open.delete(counted);
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
  counted = watched.filter((_, i) => wanted[i]);
  open.add(counted);
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

/** The Variables of an argument, in modules and in containers of modules. */
export const variablesOf = (argument: unknown): Variable[] =>
  isObject(argument)
    ? [...nodesOf(argument)].filter((node): node is Variable => node instanceof Variable)
    : [];

/** A Variable cannot be a constant in one argument and differentiated in another. */
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
