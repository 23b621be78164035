/** @file Follows a training: what is recorded, and when. */
import { NnxError, type OwnedState, pathKey, state } from "@nnxjs/nnx-core";
import { checkModule, checkOptions, describe, nameDisposeMethod } from "@nnxjs/nnx-core/internal";
import type { HistoryData } from "../format/report-data.ts";
import {
  type Captured,
  capturedPlaces,
  gradientPlaces,
  isWhole,
  parameterPlaces,
  type Place,
} from "../gather/places.ts";
import { pathCode } from "../gather/path-code.ts";
import { isTensor, type Tensor, scalarOf, valuesOf } from "../tensor.ts";
import {
  type Entry,
  entryOf,
  type Reading,
  readingOf,
  type Recorded,
  sampledEntry,
  type Series,
  seriesOf,
} from "./entry.ts";
import { historyOf } from "./history.ts";
import { KeptStates } from "./kept-states.ts";

const ASYNC = "Call recordAsync(step) instead.";
const now = (x: Tensor) => valuesOf(x, "Recorder.record", ASYNC);

/** How much a {@link Recorder} keeps. */
export interface RecorderOptions {
  /** Record the first step, and then every n-th. @defaultValue 10 */
  readonly every?: number;
  /**
   * The most steps that are kept. When there are more, every second one is dropped, and from then on
   * half as many are recorded.
   * @defaultValue 500
   */
  readonly most?: number;
  /** The most values of each tensor that are kept at a step. @defaultValue 256 */
  readonly cells?: number;
  /**
   * The most bytes of tensors in States that are kept for {@link Recorder.stateAt}. When they take
   * more, every second State is dropped.
   * @defaultValue 64e6
   */
  readonly stateBytes?: number;
}

const NAMES = { every: true, most: true, cells: true, stateBytes: true } as const;

/** What there is to record of one step. */
export interface StepRecord {
  /** Numbers by name, such as the loss: numbers, or tensors of one value. */
  readonly scalars?: Readonly<Record<string, number | Tensor>>;
  /** The gradients of the step: a State of them. */
  readonly gradients?: object;
  /** What was captured in it: a State, or all that `captureGradients` returned. */
  readonly captured?: Captured;
}

const STEP_NAMES = { scalars: true, gradients: true, captured: true } as const;

/** Gradients and activations change more from step to step, so that pictures of them take more bytes. */
const SHARE_OF_OTHERS = 0.4;
const BINS = 16;

/**
 * Follows a training: of every n-th step it keeps statistics, histograms and some values of each
 * weight, gradient and captured value, and States of the model, in bounded memory. `inspect` shows it
 * with a slider over the steps.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { inspect, Recorder } from "@nnxjs/inspect";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const recorder = new Recorder(model, { every: 2 });
 * const step = nnx.valueAndGrad((m: nnx.Linear) => tf.mean(tf.square(m.forward(tf.ones([2, 4])))));
 * for (let i = 0; i < 5; i++) {
 *   const [loss, gradients] = step(model);
 *   recorder.record({ scalars: { loss }, gradients });
 *   nnx.dispose([loss, gradients]);
 * }
 * recorder.steps; // => [0, 2, 4]
 * const report = await inspect(model, { history: recorder });
 * recorder.dispose();
 * ```
 */
export class Recorder {
  private readonly model: object;
  private readonly kept: KeptStates;
  private readonly most: number;
  private readonly cells: number;
  private every: number;
  /** How many times `record` was called. */
  private calls = 0;
  private records: Recorded[] = [];
  private readonly series = new Map<string, Series>();

  /**
   * @param model - A module, or a container of modules.
   * @throws {@link NnxError} for anything else, and for options that are no whole numbers.
   */
  constructor(model: object, options: RecorderOptions = {}) {
    const where = "Recorder";
    checkModule(where, model);
    checkOptions(where, options, NAMES);
    const { every = 10, most = 500, cells = 256, stateBytes = 64e6 } = options;
    for (const [name, value, least] of [
      ["every", every, 1],
      ["most", most, 2],
      ["cells", cells, 1],
      ["stateBytes", stateBytes, 0],
    ] as const) {
      if (Number.isInteger(value) && value >= least) continue;
      throw new NnxError(
        `${where}: expected ${name} to be a whole number from ${least}, got ${describe(value)}. Leave it out for the default.`,
      );
    }
    this.model = model;
    this.every = every;
    this.most = most;
    this.cells = cells;
    this.kept = new KeptStates(stateBytes);
  }

  /** Whether the next call of `record` records: then it is worth to capture. */
  get isDue(): boolean {
    return this.calls % this.every === 0;
  }

  /** The steps that were recorded and kept, counted from 0. */
  get steps(): readonly number[] {
    return this.records.map(({ step }) => step);
  }

  /** The steps whose States {@link stateAt} has. */
  get stateSteps(): readonly number[] {
    return this.kept.steps;
  }

  /**
   * Records a step, if it is due. Call it after every step. Of a tensor of more than 16,384 values
   * it reads so many, evenly spaced; all of them if one is NaN or infinite. It reads tensors synchronously, which
   * backends on a GPU do slowly or not at all: see {@link recordAsync}.
   * @returns whether it did.
   * @throws {@link NnxError} for what is no result of a capture, and for scalars that are no numbers.
   */
  record(step: StepRecord = {}): boolean {
    if (!this.begin("Recorder.record", step)) return false;
    const { places, scalars } = this.placesOf("Recorder.record", step);
    const entries = places.map(([key, series, { tensor }]) => {
      const reading = readingOf(series, tensor);
      const arrays = reading.map((each) => now(each));
      return [
        key,
        this.entry(series, tensor, arrays) ?? entryOf(series, now(tensor), tensor.shape),
        reading,
      ] as const;
    });
    this.keep(
      scalars.map(([name, x]) => [name, typeof x === "number" ? x : scalarOf(x, "Recorder.record", ASYNC)]),
      entries,
    );
    return true;
  }

  /** As {@link record}, on every backend. Do not dispose what is recorded before it is done. */
  async recordAsync(step: StepRecord = {}): Promise<boolean> {
    if (!this.begin("Recorder.recordAsync", step)) return false;
    const { places, scalars } = this.placesOf("Recorder.recordAsync", step);
    const numbers: [string, number][] = [];
    for (const [name, x] of scalars)
      numbers.push([name, typeof x === "number" ? x : ((await x.data())[0] as number)]);
    const entries: [string, Entry, Reading][] = [];
    for (const [key, series, { tensor }] of places) {
      const reading = readingOf(series, tensor);
      const arrays = await Promise.all(reading.map((each) => each.data()));
      const entry = this.entry(series, tensor, arrays) ?? entryOf(series, await tensor.data(), tensor.shape);
      entries.push([key, entry, reading]);
    }
    this.keep(numbers, entries);
    return true;
  }

  /** The State of the model at a step of {@link stateSteps}. The caller disposes it. */
  stateAt(step: number): OwnedState {
    return this.kept.at(step);
  }

  /** All that was recorded, as plain data. */
  history(): HistoryData {
    return historyOf(this.records, this.series, BINS);
  }

  /** Lets go of the States. What was recorded otherwise stays. */
  dispose(): void {
    this.kept.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private begin(where: string, step: StepRecord): boolean {
    checkOptions(where, step, STEP_NAMES);
    const { isDue } = this;
    if (!isDue) this.calls++;
    return isDue;
  }

  /** Takes the State, and finds all tensors. Nothing is counted before this went well. */
  private placesOf(where: string, { scalars = {}, gradients, captured }: StepRecord) {
    const numbers = Object.entries(scalars);
    for (const [name, x] of numbers) {
      if (typeof x === "number" || (isTensor(x) && x.size === 1)) continue;
      throw new NnxError(
        `${where}: expected the scalar ${name} to be a number or a tensor of one value, got ${describe(x)}. Reduce it: tf.mean, say.`,
      );
    }
    const ofCapture = isWhole(captured) ? captured.gradients : undefined;
    const others = [
      ...(gradients || ofCapture ? gradientPlaces(gradients ?? ofCapture, "gradients") : []),
      ...(captured ? capturedPlaces(where, captured) : []),
    ];
    const now = state(this.model);
    const places = [...parameterPlaces(now, (path) => pathCode("model", path)), ...others].map(
      (place) => [...this.seriesFor(place), place] as const,
    );
    this.kept.add(this.calls, now);
    return { scalars: numbers, places };
  }

  private seriesFor(place: Place): readonly [key: string, series: Series] {
    const { where, path, call, of, part } = place;
    const key = [where, call, of, part, pathKey(path)].join("|");
    let series = this.series.get(key);
    if (!series) {
      const share = where === "parameters" ? 1 : SHARE_OF_OTHERS;
      series = seriesOf(place, Math.max(1, Math.round(this.cells * share)));
      this.series.set(key, series);
    }
    return [key, series];
  }

  private entry(series: Series, tensor: Tensor, arrays: readonly ArrayLike<number>[]): Entry | undefined {
    const [first, sample, frame] = arrays as [ArrayLike<number>, ArrayLike<number>?, ArrayLike<number>?];
    return sample && frame
      ? sampledEntry(tensor, [first, sample, frame])
      : entryOf(series, first, tensor.shape);
  }

  private keep(
    scalars: readonly (readonly [string, number])[],
    entries: readonly (readonly [key: string, entry: Entry, reading: Reading])[],
  ): void {
    for (const [, , reading] of entries) if (reading.length > 1) for (const each of reading) each.dispose();
    this.records.push({
      step: this.calls++,
      scalars: Object.fromEntries(scalars),
      entries: new Map(entries.map(([key, entry]) => [key, entry])),
    });
    if (this.records.length <= this.most) return;
    this.records = this.records.filter((_, i) => i % 2 === 0);
    this.every *= 2;
  }
}

nameDisposeMethod(Recorder.prototype);
