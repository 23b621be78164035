/** @file Contractions of two tensors whose axes lie in memory in any order. */
import { engine, type TensorInfo } from "@tensorflow/tfjs-core";
import { hasKnownKernels } from "../backends.ts";
import { sizeOf } from "../shape.ts";
import { LEAST_WORK, productByPlan } from "../wasm/product.ts";
import type { ProductPlan } from "../wasm/product-plan.ts";
import type { ContractionPlan } from "./contraction-plan.ts";

/** One axis, or several that lie in memory as one. The step is 0 in a tensor that lacks it. */
interface Run {
  readonly size: number;
  readonly a: number;
  readonly b: number;
  readonly out: number;
}

/** The steps of each label of a tensor. */
function stepsOf(labels: readonly string[], sizes: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const steps = new Map<string, number>();
  let step = 1;
  for (const label of [...labels].reverse()) {
    steps.set(label, step);
    step *= sizes.get(label)!;
  }
  return steps;
}

/** Joins the runs that lie in memory as one in every tensor. */
function joined(runs: readonly Run[]): Run[] {
  const result: Run[] = [];
  for (const run of runs) {
    const last = result.at(-1);
    const follows = (step: (of: Run) => number): boolean => step(last!) === step(run) * run.size;
    if (last && follows((r) => r.a) && follows((r) => r.b) && follows((r) => r.out)) {
      result[result.length - 1] = { size: last.size * run.size, a: run.a, b: run.b, out: run.out };
    } else result.push(run);
  }
  return result;
}

/** Takes the run that fits best out of a list, and leaves the others. */
function take(runs: readonly Run[], fits: (run: Run) => boolean): { one: Run | undefined; others: Run[] } {
  const one = runs.filter(fits).reduce<Run | undefined>((a, b) => (a && a.size >= b.size ? a : b), undefined);
  return { one, others: runs.filter((run) => run !== one) };
}

const NOTHING: Run = { size: 1, a: 0, b: 0, out: 0 };

/**
 * The plan of one product for each combination of the axes that do not lie in memory as one.
 * @returns undefined when the sum runs over axes apart, or the last axis of the result is none of
 * one operand alone.
 */
function planOf(
  groups: ContractionPlan,
  a: readonly string[],
  b: readonly string[],
  out: readonly string[],
  sizes: ReadonlyMap<string, number>,
): ProductPlan | undefined {
  const [ofA, ofB, ofOut] = [a, b, out].map((labels) => stepsOf(labels, sizes));
  const runsOf = (labels: readonly string[]): Run[] =>
    joined(
      labels
        .filter((label) => sizes.get(label) !== 1)
        .map((label) => ({
          size: sizes.get(label)!,
          a: ofA!.get(label) ?? 0,
          b: ofB!.get(label) ?? 0,
          out: ofOut!.get(label) ?? 0,
        }))
        .sort((x, y) => y.out - x.out || y.a - x.a),
    );
  const sums = runsOf(groups.contracted);
  const columns = take(runsOf(groups.columns), (run) => run.out === 1);
  const rows = take(runsOf(groups.rows), () => true);
  if (sums.length > 1 || (!columns.one && columns.others.length > 0)) return undefined;
  const [{ a: aInner, b: bInner, size: inner } = NOTHING] = sums;
  const { one: row = NOTHING } = rows;
  const { one: column = NOTHING } = columns;
  const batch = [...runsOf(groups.batch), ...rows.others, ...columns.others];
  if (batch.length > 0 && row.size * inner * column.size < LEAST_WORK) return undefined;
  return {
    rows: row.size,
    inner,
    columns: column.size,
    a: { row: row.a, inner: aInner },
    b: { inner: bInner, column: column.b },
    outRow: row.out,
    batch,
  };
}

const swapped = ({ batch, rows, contracted, columns }: ContractionPlan): ContractionPlan => ({
  batch,
  rows: columns,
  contracted,
  columns: rows,
});

/** One product for a contraction, of operands and a result that lie in any order. */
export interface StridedProduct {
  readonly plan: ProductPlan;
  /** Whether the second tensor is the left operand. */
  readonly isSwapped: boolean;
  readonly shape: readonly number[];
}

/** The product for a contraction; undefined for axes that no plan has room for. */
export function stridedProduct(
  a: readonly string[],
  b: readonly string[],
  groups: ContractionPlan,
  out: readonly string[],
  sizes: ReadonlyMap<string, number>,
): StridedProduct | undefined {
  const shape = out.map((label) => sizes.get(label)!);
  if (sizeOf(shape) === 0) return undefined;
  const plan = planOf(groups, a, b, out, sizes);
  if (plan) return { plan, isSwapped: false, shape };
  const turned = planOf(swapped(groups), b, a, out, sizes);
  return turned && { plan: turned, isSwapped: true, shape };
}

/** Runs the product of two tensors. */
export const runStrided = (
  backend: object,
  a: TensorInfo,
  b: TensorInfo,
  { plan, isSwapped, shape }: StridedProduct,
): TensorInfo | undefined =>
  isSwapped ? productByPlan(backend, b, a, plan, shape) : productByPlan(backend, a, b, plan, shape);

/** Whether a tape would record an op now: not within a kernel. */
const isTaping = (): boolean => engine().state.gradientDepth > 0 && engine().state.kernelDepth === 0;

/**
 * Contracts two tensors without arranging them first. Nothing is recorded on a tape.
 * @param out - The labels of the result, in order.
 * @returns undefined while a tape records, where WebAssembly is out of reach, and for axes that no
 * plan has room for.
 */
export function contractStrided(
  a: { readonly x: TensorInfo; readonly labels: readonly string[] },
  b: { readonly x: TensorInfo; readonly labels: readonly string[] },
  groups: ContractionPlan,
  out: readonly string[],
  sizes: ReadonlyMap<string, number>,
): TensorInfo | undefined {
  if (isTaping() || !hasKnownKernels()) return undefined;
  const product = stridedProduct(a.labels, b.labels, groups, out, sizes);
  return product && runStrided(engine().backend, a.x, b.x, product);
}
