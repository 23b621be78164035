/** @file Which arguments of a call are differentiated, prepared together and put back together. */
import { describe, GradientError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { flatten } from "../graph/flatten.ts";
import { attachTo } from "../ownership/scopes.ts";
import { formatPath } from "../path.ts";
import { isTensor, type Tensor, zeros } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import { type Differentiable, differentiable, type Preparation } from "./argument.ts";
import type { Argnum, DiffState } from "./grad-types.ts";

/** Positions with their filters. @throws {@link GradientError} for one that is not there, or there twice. */
export function toPositions(
  where: string,
  argnums: Argnum | readonly Argnum[],
  count: number,
  wrt: Filter,
): DiffState[] {
  const list = Array.isArray(argnums) ? (argnums as readonly Argnum[]) : [argnums as Argnum];
  const positions = list.map((each) => (typeof each === "object" ? each : { argnum: each, filter: wrt }));
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
  /** One gradient in the structure of each position, from one for each watched tensor; missing ones are zeros. */
  build(gradients: readonly (Tensor | undefined)[]): unknown[];
  /** The tensors of gradients in that structure, in the order of what is watched. */
  read(gradients: readonly unknown[]): (Tensor | undefined)[];
  /** Puts the model's own values back. */
  restore(): void;
}

/**
 * Prepares the arguments at these positions. Call it, and what follows up to `restore`, in a scope.
 * @param others - Whether arguments without gradients at these positions are refused or passed on.
 */
export function prepareCall(
  where: string,
  args: readonly unknown[],
  positions: readonly DiffState[],
  others: Preparation["others"] = "refuse",
): PreparedCall {
  const seen = new Set<Variable>();
  const prepared: Differentiable[] = [];
  let watched: readonly Tensor[] = [];
  const stopAttaching = attachTo(args);
  const restore = (): void => {
    stopAttaching();
    open.delete(watched);
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
  watched = prepared.flatMap((each) => each.watched);
  open.add(watched);
  const replaced = [...args];
  prepared.forEach((each, i) => {
    replaced[positions[i]?.argnum as number] = each.argument;
  });
  return {
    args: replaced,
    watched,
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

/** The Variables of an argument, in modules and in containers of modules. */
export const variablesOf = (
  argument: unknown,
): readonly { readonly path: readonly (string | number)[]; readonly value: Variable }[] =>
  typeof argument !== "object" || argument === null || isTensor(argument)
    ? []
    : flatten(argument).leaves.flatMap(({ path, value }) =>
        value instanceof Variable ? [{ path, value }] : [],
      );

/** A Variable cannot be a constant in one argument and differentiated in another (rule D4). */
function refuseAliases(
  where: string,
  args: readonly unknown[],
  positions: readonly DiffState[],
  seen: ReadonlySet<Variable>,
): void {
  args.forEach((argument, i) => {
    if (positions.some(({ argnum }) => argnum === i)) return;
    const shared = variablesOf(argument).find(({ value }) => seen.has(value));
    if (!shared) return;
    throw new GradientError(
      `${where}: expected arguments that share nothing with the differentiated ones, got argument ${i}, whose ` +
        `${formatPath(shared.path)} is differentiated in another. Add ${i} to argnums, or pass a clone.`,
    );
  });
}
