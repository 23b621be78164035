/** @file Gathers what a report shows. */
import {
  dispose,
  type GraphDef,
  GraphNode,
  NnxError,
  pathKey,
  split,
  type State,
  summarizeAsync,
  Variable,
} from "@nnxjs/nnx-core";
import { checkOptions, describe, isContainer, isStateLike } from "@nnxjs/nnx-core/internal";
import type { FlagData, ReportData, TensorData } from "./format/report-data.ts";
import { shares } from "./gather/budget.ts";
import { numbersOf } from "./gather/numbers.ts";
import { pathCode } from "./gather/path-code.ts";
import { pictureOf } from "./gather/picture.ts";
import {
  type Captured,
  capturedPlaces,
  gradientPlaces,
  isWhole,
  parameterPlaces,
  type Place,
} from "./gather/places.ts";
import { type PredictionOptions, predictionsOf } from "./gather/predictions.ts";
import { streamsOf } from "./gather/streams.ts";
import { treeOf } from "./gather/tree.ts";
import { Recorder } from "./recorder/recorder.ts";
import { Report } from "./report.ts";
import { isTensor, type Tensor } from "./tensor.ts";

/** What a report shows beside its subject. */
export interface InspectOptions {
  /** The heading of the report. @defaultValue the name of the model's class */
  readonly title?: string;
  /** What the model is called in the code that the report's buttons copy. @defaultValue `"model"` */
  readonly name?: string;
  /** A State of captured values, or all that `captureGradients` returned. @defaultValue none */
  readonly captured?: Captured;
  /** Gradients of the model. @defaultValue those in `captured` */
  readonly gradients?: object;
  /** What looks wrong, such as the `flags` of `diagnose`. @defaultValue those of what was captured */
  readonly flags?: readonly FlagData[];
  /** What a {@link Recorder} recorded of the run. @defaultValue none */
  readonly history?: Recorder;
  /** Stochastic predictions of classes. @defaultValue none */
  readonly predictions?: PredictionOptions;
  /**
   * The input of the run that `captured` has: `[rows, ...]`. It stands beside what each layer made of
   * it. Give images their axes: `[rows, height, width]` or `[rows, height, width, channels]`. Of
   * several inputs, pass one.
   * @defaultValue none
   */
  readonly input?: Tensor;
  /** For attention maps, what each position stands for: one list for each row. @defaultValue numbers */
  readonly tokens?: readonly (readonly string[])[];
}

const NAMES = {
  title: true,
  name: true,
  captured: true,
  gradients: true,
  flags: true,
  history: true,
  predictions: true,
  input: true,
  tokens: true,
} as const;

/** What {@link inspect} takes: a model, what was captured of one, or a recorded run. */
export type Inspectable = object;

const BINS = 40;
/** So many rows of a batch are pictured. */
const ROWS = 16;

const where = "inspect";

/** The subject as one of the options, or as the model. */
function sorted(
  subject: unknown,
): { readonly model?: object } & Pick<InspectOptions, "captured" | "history"> {
  if (subject instanceof Recorder) return { history: subject };
  if (isWhole(subject) || isStateLike(subject)) return { captured: subject as Captured };
  if (subject instanceof GraphNode || subject instanceof Variable || isContainer(subject))
    return { model: subject };
  throw new NnxError(
    `${where}: expected a model, a State, what captureGradients returned, or a Recorder, got ${describe(subject)}. ` +
      "Pass the model, and what was captured as an option.",
  );
}

const copyOf = ({ kind, path, where: place, message, advice }: FlagData): FlagData => ({
  kind,
  path: [...path],
  where: place,
  message,
  advice,
});

/** Captured values in the order of the calls, which a summary has. */
async function inOrder(captured: Captured): Promise<{ places: Place[]; flags: FlagData[] }> {
  const summary = await summarizeAsync(captured);
  const order = new Map<string, number>();
  for (const { path } of summary.rows) if (!order.has(pathKey(path))) order.set(pathKey(path), order.size);
  const rank = ({ path }: Place): number => order.get(pathKey(path)) ?? order.size;
  const places = [...capturedPlaces(where, captured)].sort((a, b) => rank(a) - rank(b));
  return { places, flags: summary.flags.map(copyOf) };
}

/** Reads the tensors one by one, since all at once would be a copy of everything. */
async function tensorsOf(places: readonly Place[]): Promise<TensorData[]> {
  const limits = shares(places.map(({ tensor }) => tensor.size));
  const tensors: TensorData[] = [];
  for (const [i, { tensor, ...place }] of places.entries()) {
    const values = await tensor.data();
    const isBatch = place.where !== "parameters" && place.where !== "gradients" && tensor.rank > 1;
    tensors.push({
      ...place,
      shape: [...tensor.shape],
      dtype: tensor.dtype,
      numbers: numbersOf(values, BINS),
      picture: pictureOf(values, tensor.shape, {
        ...(limits[i] as ReturnType<typeof shares>[number]),
        ...(isBatch && { rows: ROWS }),
      }),
    });
  }
  return tensors;
}

const inputPlace = (tensor: unknown): Place => {
  if (isTensor(tensor))
    return { where: "input", path: ["input"], call: 0, of: "value", part: "", code: "input", tensor };
  throw new NnxError(
    `${where}: expected input to be a tensor [rows, ...], got ${describe(tensor)}. ` +
      "Pass one of the tensors that the model was called with, or leave it out.",
  );
};

/**
 * Gathers a report on a model, on what was captured of it, or on a recorded run: as one HTML file, or
 * to be mounted into a page. Tensors are read one after the other, on every backend; do not dispose
 * them, or train the model, before it is done. Large tensors are pictured with fewer cells, and the
 * page says so.
 * @param subject - A model, a State, all that `captureGradients` returned, or a {@link Recorder}.
 * @throws {@link NnxError} for anything else, and for options that do not fit.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { inspect } from "@nnxjs/inspect";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Sequential(new nnx.Linear(4, 8, { rngs: new nnx.Rngs(0) }), nnx.relu);
 * const lossFn = (m: typeof model, x: tf.Tensor) => tf.mean(tf.square(m.forward(x)));
 * const captured = nnx.captureGradients(lossFn, { methodOutputs: true })(model, tf.ones([2, 4]));
 * const report = await inspect(model, { captured });
 * report.data.tensors.length; // => 8
 * const html = await report.toHTML(); // one file that needs nothing else
 * nnx.dispose(captured);
 * ```
 */
export async function inspect(subject: Inspectable, options: InspectOptions = {}): Promise<Report> {
  checkOptions(where, options, NAMES);
  const { name = "model", tokens, predictions, input } = options;
  const { model, captured = options.captured, history = options.history } = sorted(subject);
  const gradients = options.gradients ?? (isWhole(captured) ? (captured.gradients as object) : undefined);
  const parts = model ? (split(model) as unknown as [GraphDef, State]) : undefined;
  try {
    const tree = parts ? treeOf(parts[0], parts[1], name) : [];
    const codes = new Map(tree.map(({ path, code }) => [pathKey(path), code]));
    const codeOf = (path: TensorData["path"]): string => codes.get(pathKey(path)) ?? pathCode(name, path);
    const found = captured ? await inOrder(captured) : { places: [], flags: [] };
    const places = [
      ...(parts ? parameterPlaces(parts[1], codeOf) : []),
      ...(gradients
        ? gradientPlaces(
            gradients,
            isWhole(captured) && !options.gradients ? "captured.gradients" : "gradients",
          )
        : []),
      ...(input === undefined ? [] : [inputPlace(input)]),
      ...found.places,
    ];
    const data: ReportData = {
      title: options.title ?? (tree[0] ? tree[0].type : history ? "A run" : "Captured values"),
      name,
      tree,
      tensors: await tensorsOf(places),
      flags: options.flags?.map(copyOf) ?? found.flags,
      streams: parts ? streamsOf(parts[1], codeOf) : [],
      ...(history && { history: history.history() }),
      ...(predictions && { predictions: predictionsOf(where, predictions) }),
      ...(tokens && { tokens }),
    };
    return new Report(data);
  } finally {
    if (parts) dispose(parts[1]);
  }
}
