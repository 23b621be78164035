/** @file Which arguments of a call are differentiated, prepared together and put back together. */
import { GradientError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { flatten } from "../graph/flatten.ts";
import { GraphNode } from "../graph/node.ts";
import { formatPath } from "../path.ts";
import { type Tensor, zeros } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import { type Differentiable, differentiable } from "./argument.ts";
import type { Argnum, DiffState } from "./grad-types.ts";

/** Positions with their filters. @throws {@link GradientError} for one that is not there, or there twice. */
export function toPositions(
  where: string,
  argnums: Argnum | readonly Argnum[],
  count: number,
  wrt: Filter,
): DiffState[] {
  const list = Array.isArray(argnums) ? (argnums as readonly Argnum[]) : [argnums as Argnum];
  const positions = list.map((each) => (typeof each === "number" ? { argnum: each, filter: wrt } : each));
  positions.forEach(({ argnum }, i) => {
    if (!Number.isInteger(argnum) || argnum < 0 || argnum >= count) {
      throw new GradientError(
        `${where}: expected argnums between 0 and ${count - 1}, got ${argnum}. The function was called with ${count} arguments.`,
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

/** The arguments of one call. */
export interface PreparedCall {
  /** What the function is called with. */
  readonly args: readonly unknown[];
  readonly watched: readonly Tensor[];
  /** One gradient in the structure of each position, from one for each watched tensor; missing ones are zeros. */
  build(gradients: readonly (Tensor | undefined)[]): unknown[];
  /** Puts the model's own values back. */
  restore(): void;
}

/** Prepares the arguments at these positions. Call it, and what follows up to `restore`, in a scope. */
export function prepareCall(
  where: string,
  args: readonly unknown[],
  positions: readonly DiffState[],
): PreparedCall {
  const seen = new Set<Variable>();
  const prepared: Differentiable[] = [];
  const restore = (): void => {
    for (const each of prepared) each.restore();
  };
  try {
    for (const { argnum, filter } of positions) {
      prepared.push(differentiable(args[argnum], filter, seen, `argument ${argnum}`));
    }
    refuseAliases(where, args, positions, seen);
  } catch (error) {
    restore();
    throw error;
  }
  const replaced = [...args];
  prepared.forEach((each, i) => {
    replaced[positions[i]?.argnum as number] = each.argument;
  });
  return {
    args: replaced,
    watched: prepared.flatMap((each) => each.watched.map(({ tensor }) => tensor)),
    build: (gradients) => {
      let start = 0;
      return prepared.map((each) => {
        const own = each.watched.map(({ tensor }, i) => gradients[start + i] ?? zeros(tensor.shape));
        start += own.length;
        return each.build(own);
      });
    },
    restore,
  };
}

/** A Variable cannot be a constant in one argument and differentiated in another (rule D4). */
function refuseAliases(
  where: string,
  args: readonly unknown[],
  positions: readonly DiffState[],
  seen: ReadonlySet<Variable>,
): void {
  args.forEach((argument, i) => {
    if (positions.some(({ argnum }) => argnum === i)) return;
    if (!(argument instanceof GraphNode) && !(argument instanceof Variable)) return;
    for (const { path, value } of flatten(argument).leaves) {
      if (!(value instanceof Variable) || !seen.has(value)) continue;
      throw new GradientError(
        `${where}: expected arguments that share nothing with the differentiated ones, got argument ${i}, whose ` +
          `${formatPath(path)} is differentiated in another. Add ${i} to argnums, or pass a clone.`,
      );
    }
  });
}
