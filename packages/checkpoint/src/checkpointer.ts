/** @file The checkpoints of a run: one for each step, the old and the bad ones removed. */
import { type GraphDef, NotFoundError } from "@nnxjs/nnx-core";
import { checkOptions, describe, isPlainObject, StaticReader, toJson } from "@nnxjs/nnx-core/internal";
import { CheckpointError } from "./errors.ts";
import { names } from "./format/metadata.ts";
import { type Checkpoint, insideOf, open } from "./read/checkpoint.ts";
import { parseJson } from "./read/tensor-file.ts";
import { restore, type RestoreOptions, type Skipped } from "./read/restore.ts";
import { isStorageFolder, type StorageFile, type StorageFolder } from "./storage/storage.ts";
import { type SaveOptions, snapshot } from "./write/save.ts";
import { removeShards } from "./write/save-shards.ts";

/** Numbers by name. */
export type Metrics = Readonly<Record<string, number>>;

/** Options of {@link Checkpointer}. */
export interface CheckpointerOptions {
  /**
   * How many checkpoints stay; those that were saved without metrics do not count with `bestFn`.
   * @defaultValue all
   */
  maxToKeep?: number;
  /** What makes a checkpoint good. With it the best stay, not the latest. @defaultValue the step */
  bestFn?: (metrics: Metrics) => number;
  /** Whether more is better. @defaultValue "max" */
  bestMode?: "max" | "min";
  /** As in `save`. @defaultValue one file for each step */
  maxShardBytes?: number;
}

/** Options of {@link Checkpointer.save}. */
export interface SaveStepOptions {
  /** What `bestFn` judges by; they are kept in the file. @defaultValue none */
  metrics?: Metrics;
  /** As in `save`. @defaultValue none */
  metadata?: Readonly<Record<string, string>>;
}

const stepFile = /^(0|[1-9]\d{0,14})\.safetensors(?:\.index\.json)?$/;

/**
 * The checkpoints of a run in a folder: `12.safetensors` for step 12. Several processes may read a
 * folder, one writes to it.
 * @see orbax `CheckpointManager`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import * as nnx from "@nnxjs/nnx";
 * import { directory } from "@nnxjs/checkpoint/node";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3));
 * const folder = mkdtempSync(`${tmpdir()}/run-`);
 * const checkpointer = new nnx.Checkpointer(directory(folder), { maxToKeep: 2 });
 * for (const step of [1, 2, 3]) await checkpointer.save(step, { model, optimizer });
 * await checkpointer.allSteps(); // => [2, 3]
 * await checkpointer.restore({ model, optimizer }); // the latest
 * ```
 */
export class Checkpointer {
  private readonly folder: StorageFolder;
  private readonly options: CheckpointerOptions;
  /** Metrics of steps that were looked at: what is in a file never changes. */
  private readonly known = new Map<number, Metrics | undefined>();
  /** What is under way: one thing at a time. */
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @param folder - What `directory(path)` of `@nnxjs/checkpoint/node`, `opfsDirectory` or
   * `indexedDbDirectory` returned.
   */
  constructor(folder: StorageFolder, options: CheckpointerOptions = {}) {
    checkOptions<CheckpointerOptions>("Checkpointer", options, {
      maxToKeep: true,
      bestFn: true,
      bestMode: true,
      maxShardBytes: true,
    });
    if (!isStorageFolder(folder))
      throw refused("a folder", folder, "Pass what directory, opfsDirectory or indexedDbDirectory returned.");
    const { maxToKeep, bestFn, bestMode } = options;
    const isCount = maxToKeep === undefined || (Number.isSafeInteger(maxToKeep) && maxToKeep > 0);
    if (!isCount) throw refused("maxToKeep to be a positive integer", maxToKeep, "Leave it out to keep all.");
    if (bestFn !== undefined && typeof bestFn !== "function")
      throw refused("bestFn to be a function of the metrics", bestFn, "Such as ({ loss }) => loss.");
    switch (bestMode) {
      case undefined:
      case "max":
      case "min":
        break;
      default:
        throw refused('bestMode to be "max" or "min"', bestMode satisfies never, 'Use "min" for losses.');
    }
    if (bestMode !== undefined && bestFn === undefined)
      throw refused("bestFn beside bestMode", bestFn, "Say what is best: ({ loss }) => loss.");
    this.folder = folder;
    this.options = { ...options };
  }

  private fileOf(step: number): StorageFile {
    return { folder: this.folder, file: `${step}.safetensors` };
  }

  private queue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work, work);
    this.last = result.catch(() => {});
    return result;
  }

  /**
   * Saves a step, then removes what is too many. What is saved is the model as it is now.
   * @param step - Larger than all that are there.
   * @param what - As in `save`.
   * @throws CheckpointError for a step that is not later than the latest (orbax returns `False`), and
   * what `save` and `bestFn` throw. All other checkpoints are as they were then.
   */
  async save(step: number, what: unknown, options: SaveStepOptions = {}): Promise<void> {
    checkOptions<SaveStepOptions>("Checkpointer.save", options, { metrics: true, metadata: true });
    const { metrics, metadata } = options;
    checkStep("Checkpointer.save", step);
    checkMetrics(metrics);
    const { maxShardBytes } = this.options;
    const saveOptions: SaveOptions = {
      ...(metadata === undefined ? {} : { metadata }),
      ...(maxShardBytes === undefined ? {} : { maxShardBytes }),
    };
    // What is given is taken now: it may change while others are saved.
    const kept = metrics && { ...metrics };
    if (kept) this.rated(kept);
    const text = kept && JSON.stringify(toJson(kept, () => new CheckpointError("")));
    const own = { step, metrics: text };
    const taken = snapshot("Checkpointer.save", what, this.fileOf(step), saveOptions, own);
    return this.queue(async () => {
      try {
        await this.checkIsLatest(step);
      } catch (error) {
        taken.release();
        throw error;
      }
      await taken.write();
      this.known.set(step, kept);
      for (const old of await this.tooMany()) await this.remove(old);
    });
  }

  private async checkIsLatest(step: number): Promise<void> {
    const latest = (await this.steps()).at(-1);
    if (latest === undefined || latest < step) return;
    throw new CheckpointError(
      `Checkpointer.save: expected a step after ${latest}, the latest in ${this.folder.name}, got ${step}. Delete later ones first to go back.`,
    );
  }

  /**
   * Restores a step.
   * @param into - As in `restore`: a model, a record of models, or a GraphDef.
   * @param step - By default the latest.
   * @throws NotFoundError when it is not there, and what `restore` throws.
   */
  restore<M>(into: GraphDef<M>, step?: number, options?: RestoreOptions): Promise<M>;
  restore(into: object, step?: number, options?: RestoreOptions): Promise<Skipped>;
  restore(into: object, step?: number, options?: RestoreOptions): Promise<unknown> {
    return this.queue(async () =>
      restore(into, this.fileOf(await this.needed("Checkpointer.restore", step)), options),
    );
  }

  /** Opens a step for reading single leaves. @param step - By default the latest. */
  open(step?: number): Promise<Checkpoint> {
    return this.queue(async () => open(this.fileOf(await this.needed("Checkpointer.open", step))));
  }

  /** The steps that are there, in order. */
  allSteps(): Promise<number[]> {
    return this.queue(() => this.steps());
  }

  /** The latest step; `undefined` where there is none. */
  async latestStep(): Promise<number | undefined> {
    return (await this.allSteps()).at(-1);
  }

  /**
   * The best step by `bestFn`, the later one of equals; the latest without it. `undefined` where
   * there is none.
   */
  bestStep(): Promise<number | undefined> {
    return this.queue(async () => {
      const steps = await this.steps();
      if (this.options.bestFn === undefined) return steps.at(-1);
      return (await this.fromBest(steps))[0];
    });
  }

  /** The metrics that a step was saved with. @throws NotFoundError when the step is not there. */
  metrics(step: number): Promise<Metrics | undefined> {
    return this.queue(async () => this.metricsOf(await this.needed("Checkpointer.metrics", step)));
  }

  /** Removes a step. @throws NotFoundError when it is not there. */
  delete(step: number): Promise<void> {
    return this.queue(async () => this.remove(await this.needed("Checkpointer.delete", step)));
  }

  private async steps(): Promise<number[]> {
    const found = (await this.folder.list()).flatMap((name) => stepFile.exec(name)?.[1] ?? []);
    return [...new Set(found.map(Number))].sort((a, b) => a - b);
  }

  private async needed(where: string, step: number | undefined): Promise<number> {
    if (step !== undefined) checkStep(where, step);
    const steps = await this.steps();
    const found = step === undefined ? steps.at(-1) : steps.find((each) => each === step);
    if (found !== undefined) return found;
    throw new NotFoundError(
      `${where}: expected ${step === undefined ? "a checkpoint" : `step ${step}`} in ${this.folder.name}, got ` +
        `${steps.length === 0 ? "none" : `the steps ${steps.slice(-10).join(", ")}`}. Save one first.`,
    );
  }

  private async metricsOf(step: number): Promise<Metrics | undefined> {
    if (this.known.has(step)) return this.known.get(step);
    const checkpoint = await open(this.fileOf(step));
    try {
      const { files } = insideOf(checkpoint).open;
      const text = files.map(({ own, header }) => own && header.metadata.get(names.metrics)).find(Boolean);
      const metrics =
        text === undefined
          ? undefined
          : (new StaticReader().value(parseJson(checkpoint.name, names.metrics, text), [
              names.metrics,
            ]) as Metrics);
      this.known.set(step, metrics);
      return metrics;
    } finally {
      await checkpoint.close();
    }
  }

  /** How good metrics are: the more, the better. A NaN is worse than everything. */
  private rated(metrics: Metrics): number {
    const { bestFn, bestMode = "max" } = this.options;
    const value: unknown = bestFn ? bestFn(metrics) : 0;
    if (typeof value !== "number")
      throw refused("bestFn to return a number", value, "It gets the metrics of one step.");
    return Number.isNaN(value) ? -Infinity : bestMode === "max" ? value : -value;
  }

  /** Steps with metrics, the best first; of equals the later one. */
  private async fromBest(steps: readonly number[]): Promise<number[]> {
    const rated: { readonly step: number; readonly value: number }[] = [];
    for (const step of steps) {
      const metrics = await this.metricsOf(step);
      if (metrics) rated.push({ step, value: this.rated(metrics) });
    }
    return rated.sort((a, b) => b.value - a.value || b.step - a.step).map(({ step }) => step);
  }

  private async tooMany(): Promise<number[]> {
    const { maxToKeep, bestFn } = this.options;
    if (maxToKeep === undefined) return [];
    const steps = await this.steps();
    return bestFn ? (await this.fromBest(steps)).slice(maxToKeep) : steps.slice(0, -maxToKeep);
  }

  private async remove(step: number): Promise<void> {
    const target = this.fileOf(step);
    await this.folder.remove(target.file);
    await removeShards(target);
    this.known.delete(step);
  }
}

const refused = (expected: string, got: unknown, advice: string): CheckpointError =>
  new CheckpointError(`Checkpointer: expected ${expected}, got ${describe(got)}. ${advice}`);

function checkStep(where: string, step: unknown): void {
  if (Number.isSafeInteger(step) && (step as number) >= 0 && (step as number) < 1e15) return;
  throw new CheckpointError(
    `${where}: expected a step, an integer from 0 on, got ${describe(step)}. Count your updates.`,
  );
}

function checkMetrics(metrics: unknown): void {
  if (metrics === undefined) return;
  const entries: [string, unknown][] = isPlainObject(metrics)
    ? Object.entries(metrics)
    : [["metrics", metrics]];
  for (const [name, value] of entries) {
    if (isPlainObject(metrics) && typeof value === "number") continue;
    throw new CheckpointError(
      `Checkpointer.save at ${name}: expected metrics to be numbers by name, got ${describe(value)}. Pass { loss: 0.1 }; read tensors with data().`,
    );
  }
}
