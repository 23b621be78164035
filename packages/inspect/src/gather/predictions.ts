/** @file Prepares stochastic predictions of classes. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { entropyDecomposition, predictiveMean, type Table } from "@nnxjs/uncertainty";
import type { PredictionData } from "../format/report-data.ts";
import { pictureOf } from "./picture.ts";

/** Stochastic predictions, and what is known about their inputs. */
export interface PredictionOptions {
  /** Probabilities of classes, `[passes, rows, classes]`: what `sample` returned for logits. */
  readonly samples: Table;
  /** The true class of each row. @defaultValue none */
  readonly labels?: ArrayLike<number>;
  /** The names of the classes. @defaultValue their numbers */
  readonly classes?: readonly string[];
  /** The inputs, `[rows, ...]`, such as images `[rows, height, width]`. @defaultValue none */
  readonly inputs?: Table;
}

/** A report shows so many passes, rows and classes at most. */
const MOST = { passes: 100, rows: 64, cells: 65_536 };

/** @throws {@link NnxError} when shapes do not fit, and what `entropyDecomposition` throws. */
export function predictionsOf(where: string, options: PredictionOptions): PredictionData {
  const { samples, labels, classes: names, inputs } = options;
  const { data } = samples;
  // Somebody may have passed something else.
  const { shape } = samples as { readonly shape?: readonly number[] };
  if (shape?.length !== 3)
    throw new NnxError(
      `${where}: expected predictions.samples with the axes [passes, rows, classes], got ${describe(samples)}. Pass the result of sample.`,
    );
  const [allPasses, allRows, classes] = shape as readonly [number, number, number];
  if (labels && labels.length !== allRows)
    throw new NnxError(
      `${where}: expected a label for each of ${allRows} rows, got ${labels.length}. Leave labels out, or give each row one.`,
    );
  if (names && names.length !== classes)
    throw new NnxError(
      `${where}: expected a name for each of ${classes} classes, got ${names.length}. Leave names out, or give each class one.`,
    );
  if (inputs && inputs.shape[0] !== allRows)
    throw new NnxError(
      `${where}: expected an input for each of ${allRows} rows, got ${inputs.shape[0]}. Pass the inputs that the samples are of.`,
    );
  const parts = entropyDecomposition({ data, shape });
  const mean = predictiveMean({ data, shape }).data;
  const passes = Math.min(allPasses, MOST.passes);
  const rows = Math.min(allRows, MOST.rows);
  const shown = new Uint8Array(passes * rows * classes);
  for (let pass = 0; pass < passes; pass++)
    for (let i = 0; i < rows * classes; i++)
      shown[pass * rows * classes + i] = Math.round(255 * (data[pass * allRows * classes + i] as number));
  return {
    shape: [passes, rows, classes],
    samples: shown,
    mean: Float32Array.from({ length: rows * classes }, (_, i) => mean[i] as number),
    total: Float32Array.from(parts.total.subarray(0, rows)),
    aleatoric: Float32Array.from(parts.aleatoric.subarray(0, rows)),
    epistemic: Float32Array.from(parts.epistemic.subarray(0, rows)),
    ...(labels && { labels: Array.from(labels).slice(0, rows) }),
    classes: names ?? Array.from({ length: classes }, (_, i) => String(i)),
    of: allRows,
    ...(inputs && {
      inputs: pictureOf(inputs.data, inputs.shape, { cells: MOST.cells, rows, isExact: false }),
    }),
  };
}
