/** @file What was captured, in figures. */
import { containerKind } from "../graph/node.ts";
import { formatPath, type Path } from "../path.ts";
import { flattenState } from "../state/flatten-state.ts";
import { leafValue, type State } from "../state/state.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { type Statistics, statisticsOf } from "./statistics.ts";
import { textTable } from "./text-table.ts";

/** The figures of one tensor. */
export interface SummaryRow extends Statistics {
  /** Where it was captured. */
  readonly path: Path;
  /** Further steps inside the value: which call, and `value` or `gradient` where both were captured. Empty for a single tensor. */
  readonly part: string;
  readonly shape: readonly number[];
}

/** The figures of everything captured; as text, a table. */
export interface Summary {
  readonly rows: readonly SummaryRow[];
  toString(): string;
}

const BARS = " ▁▂▃▄▅▆▇█";

const bars = (histogram: readonly number[]): string => {
  const most = Math.max(1, ...histogram);
  return histogram.map((count) => BARS[count === 0 ? 0 : Math.ceil((8 * count) / most)]).join("");
};

const figure = (value: number): string => (value === 0 ? "0" : value.toPrecision(3));

/** Every tensor in a captured value, with the steps that lead to it. A list of one is that one. */
function* tensorsOf(
  value: unknown,
  steps: readonly string[],
): Generator<readonly [steps: readonly string[], tensor: Tensor]> {
  if (isTensor(value)) yield [steps, value];
  else if (Array.isArray(value) && value.length === 1) yield* tensorsOf(value[0], steps);
  else if (containerKind(value) === "array" || containerKind(value) === "record") {
    for (const [key, item] of Object.entries(value as object)) yield* tensorsOf(item, [...steps, key]);
  }
}

/**
 * Per tensor of a captured State its shape, mean, standard deviation, range, share of zeros, counts of NaN and Inf, and a histogram. Reads the
 * data synchronously.
 * @param captured - What `capture` or `captureGradients` returned, or any State.
 * @param options - `bins` of the histograms. @defaultValue 16
 * @example
 * ```ts
 * const [y, seen] = nnx.capture(model, nnx.Intermediate)(x);
 * console.log(String(nnx.summarize(seen)));
 * nnx.summarize(seen).rows[0]?.shape; // => [2, 8]
 * nnx.dispose([y, seen]);
 * ```
 */
export function summarize(captured: State, { bins = 16 }: { bins?: number } = {}): Summary {
  const rows = flattenState(captured).flatMap(([path, leaf]) =>
    [...tensorsOf(leafValue(leaf), [])].map(
      ([steps, tensor]): SummaryRow => ({
        path,
        part: steps.join("."),
        shape: tensor.shape,
        ...statisticsOf(tensor.dataSync(), bins),
      }),
    ),
  );
  return { rows, toString: () => toText(rows) };
}

function toText(rows: readonly SummaryRow[]): string {
  const head = ["path", "", "shape", "mean", "std", "min", "max", "zeros", "NaN", "Inf", "histogram"];
  return textTable(
    head,
    rows.map(({ path, part, shape, mean, std, min, max, zeros, nan, inf, histogram }) => [
      formatPath(path),
      part,
      `[${shape.join(", ")}]`,
      ...[mean, std, min, max].map(figure),
      `${(100 * zeros).toFixed(0)} %`,
      String(nan),
      String(inf),
      bars(histogram),
    ]),
  );
}
