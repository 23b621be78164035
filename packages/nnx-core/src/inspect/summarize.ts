/** @file A table of statistics of what was captured. */
import type { CapturedGradients } from "../capture/gradient-types.ts";
import { checkOptions } from "../data/options.ts";
import { describe, DisposedError, disposedText, NnxError } from "../errors.ts";
import { containerKind, entriesOf, isContainer } from "../data/containers.ts";
import { GraphNode } from "../graph/node.ts";
import { formatPath, partFromKey, type Path } from "../path.ts";
import { kinds } from "../recording/session.ts";
import { checkState, isStateLike } from "../state/check-state.ts";
import { flattenState } from "../state/flatten-state.ts";
import { leafValue, type State } from "../state/state.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import type { Flag } from "./flag.ts";
import { type Statistics, statisticsOf } from "./statistics.ts";
import { textTable } from "./text-table.ts";

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

/** Every tensor in a captured value, with the keys that lead to it. A list of one adds no key. */
function* tensorsOf(
  value: unknown,
  steps: readonly string[],
): Generator<readonly [steps: readonly string[], tensor: Tensor]> {
  if (isTensor(value)) yield [steps, value];
  else if (Array.isArray(value) && value.length === 1) yield* tensorsOf(value[0], steps);
  else if (isContainer(value))
    for (const [key, item] of entriesOf(value)) yield* tensorsOf(item, [...steps, String(key)]);
}

/** What {@link summarize} takes: a State, or the whole result of `captureGradients`. */
export type Summarizable = State | Omit<CapturedGradients<object, unknown>, "gradients" | "aux">;

/** How {@link summarize} makes histograms. */
export interface SummarizeOptions {
  /** How many bins the histograms have: at least 1. @defaultValue 16 */
  readonly bins?: number;
}

const parts = [...kinds, "gradients"] as const;

/** Whether this is a result of `captureGradients`: a State with all these names is unlikely. */
const isWhole = (x: object): boolean =>
  "loss" in x && isTensor(x.loss) && parts.every((part) => part in x) && "aux" in x;

type Place = Pick<SummaryRow, "path" | "part"> & { readonly tensor: Tensor };

/** Every tensor of numbers in what was captured. */
function placesOfAll(where: string, captured: Summarizable): Place[] {
  const whole: unknown = captured;
  refuseOthers(where, whole);
  const places = isWhole(whole)
    ? parts.flatMap((part) => placesIn(where, Reflect.get(whole, part), part))
    : placesOf(where, captured, []);
  for (const { path, tensor } of places)
    if (tensor.isDisposed) throw new DisposedError(disposedText(`${where} at ${formatPath(path)}`, tensor));
  return places;
}

/**
 * The tensors in one part of a result of `captureGradients`. The gradients are a State, or, if the
 * model is a container of modules, a container of States.
 */
function placesIn(where: string, node: unknown, part: string, path: Path = []): Place[] {
  if (isStateLike(node))
    return placesOf(where, node, [part]).map((place) => ({ ...place, path: [...path, ...place.path] }));
  const value = node instanceof Variable ? node.getRawValue() : node;
  if (isTensor(value)) return [{ path, part, tensor: value }];
  if (!isContainer(value)) return [];
  return entriesOf(value).flatMap(([key, item]) =>
    placesIn(where, item, part, [...path, partFromKey(String(key))]),
  );
}

const placesOf = (where: string, state: State, above: readonly string[]): Place[] =>
  flattenState(checkState(where, state)).flatMap(([path, leaf]) =>
    [...tensorsOf(leafValue(leaf), above)]
      .filter(([, { dtype }]) => dtype !== "string")
      .map(([steps, tensor]) => ({ path, part: steps.join("."), tensor })),
  );

/** @throws {@link NnxError} for what is neither a State nor a result of `captureGradients`. */
function refuseOthers(where: string, captured: unknown): asserts captured is object {
  if (containerKind(captured) === "record") return;
  throw new NnxError(
    `${where}: expected a State or what captureGradients returned, got ${describe(captured)}. ` +
      (captured instanceof GraphNode || captured instanceof Variable
        ? "Pass what a capture of it recorded, or its values: state(model)."
        : "A capture returns an array: pass its second item, the State."),
  );
}

function binsOf(where: string, options: SummarizeOptions): number {
  checkOptions<SummarizeOptions>(where, options, { bins: true });
  const { bins = 16 } = options;
  if (Number.isInteger(bins) && bins >= 1) return bins;
  throw new NnxError(
    `${where}: expected bins to be a whole number from 1, got ${bins}. Leave it out for 16 bins.`,
  );
}

const toRow = ({ path, part, tensor }: Place, values: ArrayLike<number>, bins: number): SummaryRow => ({
  path,
  part,
  shape: tensor.shape,
  flags: [],
  ...statisticsOf(values, bins),
});

const toSummary = (rows: readonly SummaryRow[]): Summary => ({
  rows,
  flags: [],
  toString: () => toText(rows),
});

/**
 * Statistics of each captured tensor: shape, mean, standard deviation, range, share of zeros,
 * counts of NaN and Inf, and a histogram. Tensors of strings have no row. The data is read
 * synchronously, which some backends (webgpu) cannot do: see {@link summarizeAsync}.
 * @param captured - A State, or all that `captureGradients` returned.
 * @returns the rows. Without rows, the text says why nothing may have been recorded.
 * @throws {@link NnxError} for anything else, a model too, and when `bins` is no whole number from
 * 1.
 * @example
 * ```ts
 * const [y, seen] = nnx.capture(model, nnx.Intermediate)(x);
 * console.log(String(nnx.summarize(seen)));
 * nnx.summarize(seen).rows[0]?.shape; // => [2, 8]
 * nnx.dispose([y, seen]);
 * ```
 */
export function summarize(captured: Summarizable, options: SummarizeOptions = {}): Summary {
  const bins = binsOf("summarize", options);
  return toSummary(
    placesOfAll("summarize", captured).map((place) => toRow(place, place.tensor.dataSync(), bins)),
  );
}

/**
 * The same as {@link summarize}, for every backend: it reads one tensor after the other without
 * blocking. Do not dispose `captured` before it is done.
 * @example
 * ```ts
 * const [y, seen] = nnx.capture(model, nnx.Intermediate)(x);
 * (await nnx.summarizeAsync(seen)).rows[0]?.shape; // => [2, 8]
 * nnx.dispose([y, seen]);
 * ```
 */
export async function summarizeAsync(
  captured: Summarizable,
  options: SummarizeOptions = {},
): Promise<Summary> {
  const bins = binsOf("summarizeAsync", options);
  const rows: SummaryRow[] = [];
  // One by one, since reading all at once would hold a copy of everything.
  for (const place of placesOfAll("summarizeAsync", captured))
    rows.push(toRow(place, await place.tensor.data(), bins));
  return toSummary(rows);
}

/** The text of a summary without rows. */
const nothing =
  "Nothing was recorded. sow and perturb record only while capture or captureGradients runs, in the modules below the captured one, and under " +
  "exactly the types asked for; methods' results are recorded with { methodOutputs }.";

function toText(rows: readonly SummaryRow[]): string {
  if (rows.length === 0) return nothing;
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
