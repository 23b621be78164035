/** @file A table of statistics of what was captured. */
import { checkOptions } from "../data/options.ts";
import { printingAs } from "../data/printing.ts";
import { NnxError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { valuesOf } from "../tensor.ts";
import type { Flag } from "./flag.ts";
import { type Place, placesOfAll, type Summarizable } from "./places.ts";
import type { Found, Measured } from "./found.ts";
import { rowFlags } from "./row-flags.ts";
import { type Statistics, statisticsOf } from "./statistics.ts";
import { textTable } from "./text-table.ts";
import { type FlagOptions, flagOptionNames, thresholdsOf } from "./thresholds.ts";
import { factsOf } from "./units.ts";

export type { Summarizable } from "./places.ts";

/** The statistics of one tensor. */
export interface SummaryRow extends Statistics {
  /** The path under which the tensor was captured. */
  readonly path: Path;
  /**
   * Where in the value the tensor is, joined by dots: the index of the call if there are several,
   * and `value` or `gradient` if both were captured. Empty for a single tensor. In a summary of all
   * that `captureGradients` returned, it begins with `sown`, `perturbed`, `outputs` or `gradients`.
   */
  readonly part: string;
  readonly shape: readonly number[];
  /** What looks wrong in this tensor. */
  readonly flags: readonly Flag[];
}

/** One row for each captured tensor. As text it is a table. */
export interface Summary {
  /** In the order of the calls. */
  readonly rows: readonly SummaryRow[];
  /** What looks wrong: the flags of the rows, and those that are about more than one row. */
  readonly flags: readonly Flag[];
  toString(): string;
}

const BARS = " ▁▂▃▄▅▆▇█";

const bars = (histogram: readonly number[]): string => {
  const most = Math.max(1, ...histogram);
  return histogram.map((count) => BARS[count === 0 ? 0 : Math.ceil((8 * count) / most)]).join("");
};

const figure = (value: number): string => (value === 0 ? "0" : value.toPrecision(3));

/** How {@link summarize} makes histograms, and what it flags. */
export interface SummarizeOptions extends FlagOptions {
  /** How many bins the histograms have: at least 1. @defaultValue 16 */
  readonly bins?: number;
}

/** @throws {@link NnxError} when it is no whole number from 1. */
export function checkBins(where: string, bins: number): number {
  if (Number.isInteger(bins) && bins >= 1) return bins;
  throw new NnxError(
    `${where}: expected bins to be a whole number from 1, got ${bins}. Leave it out for 16 bins.`,
  );
}

/** Reads the values of a place. */
export const measure = (place: Place, values: ArrayLike<number>, bins: number): Measured => ({
  place,
  statistics: statisticsOf(values, bins),
  facts: factsOf(values, place.tensor.shape),
});

const printable = printingAs<Summary>((summary) => summary.toString());

/** The rows with their flags, and all flags. */
export function toSummary(
  measured: readonly Measured[],
  found: readonly Found[],
  { ignore = [] }: FlagOptions,
): Summary {
  const kept = found.filter(([{ kind }]) => !ignore.includes(kind));
  const rows = measured.map(
    (each): SummaryRow => ({
      path: each.place.path,
      part: each.place.part,
      shape: each.place.tensor.shape,
      flags: kept.filter(([, row]) => row === each).map(([flag]) => flag),
      ...each.statistics,
    }),
  );
  const flags = [...new Set(kept.map(([flag]) => flag))];
  return printable({ rows, flags, toString: () => toText(rows, flags) });
}

function settingsOf(where: string, options: SummarizeOptions) {
  checkOptions<SummarizeOptions>(where, options, { bins: true, ...flagOptionNames });
  const bins = checkBins(where, options.bins ?? 16);
  return { bins, thresholds: thresholdsOf(where, options) };
}

/**
 * Statistics of each tensor: shape, mean, standard deviation, range, share of zeros,
 * counts of NaN and Inf, and a histogram. Tensors of strings have no row. The data is read
 * synchronously, which some backends (webgpu) cannot do: see {@link summarizeAsync}.
 *
 * What looks wrong is flagged: NaN, units that are off, saturated activations, gradients and
 * outputs that vanish or explode. {@link diagnose} looks at a whole step, and flags more.
 * @param summarized - A State; all that `captureGradients` returned; or a model, for the tensors in
 * its Variables.
 * @returns the rows: what was captured in the order in which the model told it, then gradients of
 * parameters in the order of their modules' calls. Without rows, the text says why nothing may have
 * been recorded.
 * @throws {@link NnxError} for anything else, and when `bins` is no whole number from 1.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * console.log(String(nnx.summarize(nnx.state(model))));
 * const [bias, kernel] = nnx.summarize(nnx.state(model)).rows;
 * [bias?.shape, kernel?.shape, bias?.max]; // => [[3], [4, 3], 0]
 * ```
 */
export function summarize(summarized: Summarizable, options: SummarizeOptions = {}): Summary {
  const { bins, thresholds } = settingsOf("summarize", options);
  const measured = placesOfAll("summarize", summarized).map((place) =>
    measure(place, valuesOf(place.tensor, "summarize", "Use summarizeAsync."), bins),
  );
  return toSummary(measured, rowFlags(measured, thresholds), options);
}

/**
 * The same as {@link summarize}, for every backend: it reads one tensor after the other without
 * blocking. Do not dispose `summarized` before it is done.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * (await nnx.summarizeAsync(nnx.state(model))).rows.map(({ shape }) => shape); // => [[3], [4, 3]]
 * ```
 */
export async function summarizeAsync(
  summarized: Summarizable,
  options: SummarizeOptions = {},
): Promise<Summary> {
  const { bins, thresholds } = settingsOf("summarizeAsync", options);
  const measured: Measured[] = [];
  // One by one, since reading all at once would hold a copy of everything.
  for (const place of placesOfAll("summarizeAsync", summarized))
    measured.push(measure(place, await place.tensor.data(), bins));
  return toSummary(measured, rowFlags(measured, thresholds), options);
}

/** The text of a summary without rows. */
const nothing =
  "Nothing was recorded. sow and perturb record only while capture or captureGradients runs, in the modules below the captured one, and under " +
  "exactly the types asked for; methods' results are recorded with { methodOutputs }.";

function toText(rows: readonly SummaryRow[], flags: readonly Flag[]): string {
  if (rows.length === 0 && flags.length === 0) return nothing;
  const head = ["path", "", "shape", "mean", "std", "min", "max", "zeros", "NaN", "Inf", "histogram"];
  const isFlagged = rows.some((row) => row.flags.length > 0);
  const table = textTable(
    isFlagged ? [...head, "flags"] : head,
    rows.map((row) => [
      formatPath(row.path),
      row.part,
      `[${row.shape.join(", ")}]`,
      ...[row.mean, row.std, row.min, row.max].map(figure),
      `${(100 * row.zeros).toFixed(0)} %`,
      String(row.nan),
      String(row.inf),
      bars(row.histogram),
      ...(isFlagged ? [row.flags.map(({ kind }) => kind).join(", ")] : []),
    ]),
  );
  return [table, ...(flags.length > 0 ? ["", ...flags.map(flagText)] : [])].join("\n");
}

/** A flag as a line. */
const flagText = ({ kind, path, where, message, advice }: Flag): string =>
  `${kind} at ${formatPath(path)}${where === "" ? "" : ` (${where})`}: ${message} ${advice}`;
