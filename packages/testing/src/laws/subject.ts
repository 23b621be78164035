/** @file What a check is about: a model, how it is called, and on what. */
import {
  checkFunction,
  checkOptions,
  describe,
  entriesOf,
  isContainer,
  type OptionNames,
} from "@nnxjs/nnx-core/internal";
import {
  dispose,
  type Filter,
  flattenState,
  GraphNode,
  leafValue,
  NnxError,
  type Path,
  setMode,
  state,
  tidy,
  toPredicate,
  update,
} from "@nnxjs/nnx-core";
import { type PRNGKey, random, RngCount, RngKey, Rngs } from "@nnxjs/rnglib";
import { clone, isTensor, type Tensor, type TensorOfAnyRank } from "../tensor.ts";
import type { LawOptions } from "./law.ts";

/** Makes a model from streams: `(rngs) => new Net({ rngs })`. */
export type MakeModel<M> = (rngs: Rngs) => M;

/**
 * Calls a model: `(model, x) => model.forward(x)`. Inputs have any rank, so that a `forward` that
 * wants a `Tensor2D` takes them.
 */
export type ForwardOf<M> = (model: M, ...inputs: TensorOfAnyRank[]) => unknown;

/** What checks need to know of a model. */
export interface CheckOptions extends LawOptions {
  /**
   * Makes the inputs of `forward` for `batch` rows, from a key. Axis 0 has the rows. A list of tensors
   * are its arguments: a model that takes an object gets it in the call, `(model, a, b) =>
   * model.forward({ a, b })`. Without it `forward` gets the model alone, and laws about batches do
   * not apply.
   */
  readonly inputs?: (key: PRNGKey, batch: number) => Tensor | readonly Tensor[];
  /**
   * How many rows inputs have. `null` where axis 0 does not have examples that are independent: then
   * `inputs` gets 1, and laws about batches do not apply. @defaultValue 4
   */
  readonly batch?: number | null;
  /**
   * Variables that a pass may change in evaluation, too, counts of streams included: such as
   * `nnx.RngCount` for a model that draws an initial carry in each pass. Laws of evaluation bring
   * them back before the next pass. @defaultValue false: none
   */
  readonly mayChange?: Filter;
}

export const checkOptionNames: OptionNames<CheckOptions> = {
  inputs: true,
  batch: true,
  mayChange: true,
  numRuns: true,
  seed: true,
};

/** A model with how it is called, as all checks use it. */
export class Subject<M extends object> {
  readonly where: string;
  readonly batch: number;
  /** Whether inputs have independent rows. */
  readonly hasRows: boolean;
  readonly #make: MakeModel<M>;
  readonly #forward: ForwardOf<M>;
  readonly #options: CheckOptions;
  /** The names of streams that the model gets beside the default one. */
  readonly #streams: readonly string[];

  constructor(
    where: string,
    make: MakeModel<M>,
    forward: ForwardOf<M>,
    options: CheckOptions,
    streams: readonly string[] = [],
  ) {
    checkFunction(where, make, "makeModel, forward");
    checkFunction(where, forward, "makeModel, forward", "second");
    checkOptions<CheckOptions>(where, options, checkOptionNames);
    this.where = where;
    this.#make = make;
    this.#forward = forward;
    this.#options = options;
    this.#streams = streams;
    const { batch = 4, inputs } = options;
    if (inputs !== undefined && typeof inputs !== "function")
      throw new NnxError(
        `${where}: expected inputs to be a function of a key and a number of rows, got ${describe(inputs)}. ` +
          "Write (key, batch) => nnx.random.normal(key, [batch, 3]).",
      );
    this.batch = batch ?? 1;
    this.hasRows = options.inputs !== undefined && batch !== null;
    if (batch !== null && !(Number.isInteger(batch) && batch >= 2))
      throw new NnxError(
        `${where}: expected batch to be a whole number from 2 or null, got ${describe(batch)}. Leave it out for 4.`,
      );
  }

  /** A model from a seed or a key. */
  model(seed: number | PRNGKey): M {
    const key = typeof seed === "number" ? random.key(seed) : seed;
    const named = this.#streams.map((name, i) => [name, random.foldIn(key, i + 1)] as const);
    const made = this.#make(new Rngs(seed, Object.fromEntries(named)));
    if (made instanceof GraphNode || isContainer(made)) return made;
    throw new NnxError(
      `${this.where}: expected makeModel to return a module, got ${describe(made)}. Write (rngs) => new Linear(2, 3, { rngs }).`,
    );
  }

  /** The inputs for a seed. */
  inputs(seed: number, batch: number = this.batch): Tensor[] {
    const { inputs } = this.#options;
    if (!inputs) return [];
    const made = inputs(random.key(seed), batch);
    if (isTensor(made)) return [made];
    if (Array.isArray(made) && made.every(isTensor)) return [...made];
    throw new NnxError(
      `${this.where}: expected inputs to return a tensor or a list of tensors, got ${describe(made)}. ` +
        "Return [a, b], and put them together in the call: (model, a, b) => model.forward({ a, b }).",
    );
  }

  /** Calls the model once, outside of any scope. */
  callBare(model: M, inputs: readonly Tensor[]): unknown {
    return this.#forward(model, ...inputs);
  }

  /** Calls the model once. The caller owns the result. */
  call(model: M, inputs: readonly Tensor[]): unknown {
    // With copies, because a model may return its input, which the caller goes on to use.
    return tidy(() => this.#forward(model, ...inputs.map(clone)));
  }

  /**
   * Notes the Variables that evaluation may change.
   * @returns what brings them back.
   */
  settle(model: M): Settled {
    const { mayChange = false } = this.#options;
    const before = state(model, mayChange);
    return {
      restore: () => update(model, before),
      free: () => dispose(before),
    };
  }

  /** Whether a pass may draw from the stream with this count. */
  mayDraw({ parts, leaf }: StreamValue<unknown>): boolean {
    return toPredicate(this.#options.mayChange ?? false)(parts, leaf);
  }
}

/** Brings back what evaluation may change, as often as it is asked to. */
interface Settled {
  restore(): void;
  /** Frees what was noted. */
  free(): void;
}

/** The tensors in a result, with their paths. */
export function tensorsOfResult(
  result: unknown,
  path: readonly unknown[] = [],
): [path: string, tensor: Tensor][] {
  if (isTensor(result)) return [[path.length === 0 ? "(root)" : path.join("."), result]];
  if (!isContainer(result)) return [];
  return entriesOf(result).flatMap(([key, item]) => tensorsOfResult(item, [...path, key]));
}

/** Puts a model in evaluation, as `model.eval()` does. Models without modes stay as they are. */
export const evaluate = (model: object): void => {
  setMode(model, { deterministic: true, useRunningAverage: true }, { raiseIfNotFound: false });
};

/** Puts a model in training, as `model.train()` does. */
export const train = (model: object): void => {
  setMode(model, { deterministic: false, useRunningAverage: false }, { raiseIfNotFound: false });
};

/** One stream of a model: the path of its key or count, its name, and the value. */
export interface StreamValue<T> {
  readonly path: string;
  readonly parts: Path;
  /** What filters are asked about. */
  readonly leaf: unknown;
  readonly tag: string;
  readonly value: T;
}

function tagOf(leaf: unknown): string {
  const { metadata } = leaf as { readonly metadata?: { readonly tag?: unknown } };
  return typeof metadata?.tag === "string" ? metadata.tag : "";
}

const streamValues = <T>(model: object, type: typeof RngKey | typeof RngCount): StreamValue<T>[] => {
  const found = state(model, type);
  const values = flattenState(found).map(([path, leaf]) => ({
    path: path.join("."),
    parts: path,
    leaf,
    tag: tagOf(leaf),
    value: leafValue<T>(leaf),
  }));
  return values;
};

/** The keys of all streams in a model. */
export const keysIn = (model: object): StreamValue<PRNGKey>[] => streamValues<PRNGKey>(model, RngKey);

/** How many keys each stream in a model has given. */
export const countsIn = (model: object): StreamValue<unknown>[] => streamValues<unknown>(model, RngCount);

/** The streams whose counts differ between two looks at a model. */
export function drawnFrom(
  before: readonly StreamValue<unknown>[],
  after: readonly StreamValue<unknown>[],
): StreamValue<unknown>[] {
  const known = new Map(before.map(({ path, value }) => [path, JSON.stringify(value)]));
  return after.filter(({ path, value }) => known.get(path) !== JSON.stringify(value));
}

/** A seed that differs from this one. */
export const otherSeed = (seed: number): number => (seed === 0 ? 1 : seed - 1);

/** Disposes what a law made. */
export const drop = (...all: readonly unknown[]): void => {
  for (const each of all) dispose(each);
};
