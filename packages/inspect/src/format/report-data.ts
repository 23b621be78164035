/**
 * @file What a report shows, as plain data: it goes through `structuredClone`, so also from a worker to
 * a page. The page knows nothing else.
 */

/** The names and indices that lead to a part of a model. */
export type PartPath = readonly (string | number)[];

/** What kind of place a tensor was found at. */
export type Where = "parameters" | "gradients" | "sown" | "perturbed" | "outputs" | "captured" | "input";

/** What is known of the numbers of a tensor. Only finite values count, where nothing else is said. */
export interface Numbers {
  /** How many values there are. */
  readonly size: number;
  readonly mean: number;
  /** The standard deviation: the root of the mean squared deviation. */
  readonly std: number;
  /** The root of the mean square: the size that charts show. */
  readonly rms: number;
  readonly min: number;
  readonly max: number;
  /** The share of all values that are 0. */
  readonly zeros: number;
  readonly nan: number;
  readonly inf: number;
  /** How many values are in each of equally wide bins from `min` to `max`. */
  readonly histogram: readonly number[];
}

/**
 * A tensor in whole numbers of 8 bits, so that a report stays small. A cell is `round(127 · value /
 * scale)`; -128 stands for what is not finite.
 */
export interface Picture {
  /** The axes of `cells`. */
  readonly shape: readonly number[];
  /**
   * How many values a cell stands for along each axis. Of these it has the one furthest from 0. All 1
   * where nothing was left out.
   */
  readonly block: readonly number[];
  /** How many items of the first axis are pictured: all, or the first of them. */
  readonly rows: number;
  readonly scale: number;
  readonly cells: Int8Array;
  /** The values themselves, where the tensor is small. */
  readonly exact?: Float32Array;
}

/** A tensor of the report. */
export interface TensorData {
  readonly where: Where;
  readonly path: PartPath;
  /** The number of the call that gave it, from 0. */
  readonly call: number;
  /** Whether it is a value, or the gradient of the loss with respect to it. */
  readonly of: "value" | "gradient";
  /** Keys in the recorded value that lead to the tensor, joined by dots. Mostly empty. */
  readonly part: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly numbers: Numbers;
  readonly picture: Picture;
  /** TypeScript that reads it. */
  readonly code: string;
}

/** One place in the model. An object that stands at several places has an entry for each. */
export interface TreeNode {
  /** Where its owner is in the list; -1 for the model itself. */
  readonly parent: number;
  readonly key: string | number;
  readonly path: PartPath;
  readonly kind: "module" | "variable" | "container" | "array";
  /** The name of its class. */
  readonly type: string;
  /** The number of the object: equal numbers are one object. */
  readonly object: number;
  /** Where the object stood first, if this is not that place. Its parts are listed only there. */
  readonly again?: number;
  /** Whether `again` is a place around this one. */
  readonly isCycle?: boolean;
  /** Attributes that are no parts: their names, and their values as text. */
  readonly statics: readonly (readonly [name: string, value: string])[];
  /** How many numbers are in it and below it, each object counted once. */
  readonly size: number;
  readonly bytes: number;
  readonly shape?: readonly number[];
  readonly dtype?: string;
  /** Its value as text, where it is no tensor. */
  readonly text?: string;
  /** TypeScript that reads it. */
  readonly code: string;
}

/** Something that a summary found noteworthy. */
export interface FlagData {
  readonly kind: string;
  readonly path: PartPath;
  readonly where: string;
  readonly message: string;
  readonly advice: string;
}

/** A stream of random numbers. */
export interface StreamData {
  readonly path: PartPath;
  readonly tag: string;
  /** The words of its keys, two for each. */
  readonly words: readonly number[];
  /** How many keys were drawn from each. */
  readonly counts: readonly number[];
  readonly code: string;
}

/** Stochastic predictions of classes. */
export interface PredictionData {
  /** `[passes, rows, classes]` */
  readonly shape: readonly [passes: number, rows: number, classes: number];
  /** Probabilities, times 255. */
  readonly samples: Uint8Array;
  readonly mean: Float32Array;
  /** In nats, for each row. */
  readonly total: Float32Array;
  readonly aleatoric: Float32Array;
  readonly epistemic: Float32Array;
  readonly labels?: readonly number[];
  readonly classes: readonly string[];
  /** How many rows there were, if not all are shown. */
  readonly of: number;
  readonly inputs?: Picture;
}

/** How one tensor changed in a run. */
export interface SeriesData extends Omit<TensorData, "numbers" | "picture"> {
  /** One number for each recorded step. */
  readonly mean: Float32Array;
  readonly std: Float32Array;
  readonly rms: Float32Array;
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly zeros: Float32Array;
  readonly nonFinite: Float32Array;
  /** `[steps, bins]`: the counts of each step, as shares of its largest times 255. */
  readonly histograms: Uint8Array;
  /** `[steps, ...frame]`: single values of the tensor, one of each block, as in {@link Picture}. */
  readonly frames: {
    readonly shape: readonly number[];
    readonly block: readonly number[];
    readonly scale: number;
    readonly cells: Int8Array;
  };
}

/** What a recorder kept of a run. */
export interface HistoryData {
  readonly steps: readonly number[];
  /** Numbers that were recorded by name, such as the loss. */
  readonly scalars: Readonly<Record<string, Float32Array>>;
  readonly bins: number;
  readonly series: readonly SeriesData[];
}

/** All that a report shows. */
export interface ReportData {
  readonly title: string;
  /** What the model is called in code. */
  readonly name: string;
  readonly tree: readonly TreeNode[];
  /** Captured values are in the order of the calls. */
  readonly tensors: readonly TensorData[];
  readonly flags: readonly FlagData[];
  readonly streams: readonly StreamData[];
  readonly history?: HistoryData;
  readonly predictions?: PredictionData;
  /** What the axes of attention maps stand for, for each row of the batch. */
  readonly tokens?: readonly (readonly string[])[];
}
