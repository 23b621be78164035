/**
 * @file What `dropconnect` and `dropout` share: they copy a model and replace some of its layers.
 */
import { type Filter, GraphNode, iterNodes, NnxError, type Path, toPredicate } from "@nnxjs/nnx-core";
import { checkOptions, copyGraph, describe, isContainer, type OptionNames } from "@nnxjs/nnx-core/internal";
import { Linear } from "@nnxjs/layers";
import { PRNGKey, Rngs, RngStream } from "@nnxjs/rnglib";
import { type LayerOrder, layersOf } from "./layer-order.ts";
import { exchange } from "./slots.ts";

/** Which layers to transform, and where their streams come from. */
export interface TransformOptions {
  /** Each new layer forks its own stream from here. A seed or key makes a new Rngs. */
  rngs: Rngs | RngStream | PRNGKey | number;
  /** Which of the supported layers to transform. @defaultValue true, all */
  filter?: Filter;
  /**
   * Do not transform the first layer with parameters, of whatever kind: the one that gets the
   * input.
   * @defaultValue true
   */
  skipFirst?: boolean;
  /**
   * Do not transform the last layer with parameters, of whatever kind: usually the classifier.
   * @defaultValue false
   */
  skipLast?: boolean;
  /**
   * The order of layers. It decides which is first and last, and in which order they draw streams.
   * @defaultValue "definition"
   */
  order?: LayerOrder;
}

/** The names of {@link TransformOptions}. */
export const TRANSFORM_NAMES: OptionNames<TransformOptions> = {
  rngs: true,
  filter: true,
  skipFirst: true,
  skipLast: true,
  order: true,
};

/** @throws NnxError for unknown options, and when there are no options. */
export function checkTransform<O extends TransformOptions>(
  where: string,
  options: O | undefined,
  names: OptionNames<O>,
): void {
  checkOptions<O>(where, options, names);
  if (options !== undefined) return;
  throw new NnxError(`${where}: expected options with rngs, got none. Pass { rngs: new Rngs(0) }.`);
}

/** What new layers fork their streams from. */
export type StreamOrigin = Rngs | RngStream;

/** The layers that a transformation can replace. */
export interface Replaceable<L extends GraphNode> {
  /** The name for errors, such as `Linear`. */
  readonly name: string;
  /** Exactly these classes. A subclass may compute something else. */
  readonly classes: readonly (abstract new (
    ...args: never[]
  ) => L)[];
}

/** The dense layers. */
export const LINEAR: Replaceable<Linear> = { name: "Linear", classes: [Linear] };

/** @throws NnxError when there is nothing to transform. No stream has advanced then. */
export function replaceLayers<M extends object, L extends GraphNode>(
  where: string,
  model: M,
  { rngs, filter = true, skipFirst = true, skipLast = false, order = "definition" }: TransformOptions,
  collection: string,
  { name, classes }: Replaceable<L>,
  make: (base: L, origin: StreamOrigin) => GraphNode,
): M {
  if (!(model instanceof GraphNode || isContainer(model))) {
    throw new NnxError(`${where}: expected a model, got ${describe(model)}. Pass the model first.`);
  }
  switch (order) {
    case "definition":
    case "graph":
      break;
    default:
      throw new TypeError(
        `${where}: expected order to be "definition" or "graph", got ${describe(order satisfies never)}.`,
      );
  }
  const origin = originOf(where, rngs, collection);
  const matches = toPredicate(filter);
  const paths = new Map<object, Path>();
  for (const [path, node] of iterNodes(model)) paths.set(node, path);
  const layers = layersOf(model, order);
  const isReplaceable = (layer: GraphNode): layer is L => classes.some((each) => layer.constructor === each);
  const candidates = layers.filter(isReplaceable);
  const [first, last] = [layers[0], layers.at(-1)];
  const chosen = candidates.filter(
    (layer) =>
      !(skipFirst && layer === first) &&
      !(skipLast && layer === last) &&
      matches(paths.get(layer) ?? [], layer),
  );
  if (chosen.length === 0) throw nothingToDo(where, model, name, candidates.length);
  const { copy, copyOf } = copyGraph(model, { order: "defined" });
  const others = new Map<object, object>();
  for (const layer of chosen) {
    const base = copyOf.get(layer) as L;
    others.set(base, make(base, origin));
  }
  return exchange(copy, others);
}

function originOf(where: string, rngs: TransformOptions["rngs"], collection: string): StreamOrigin {
  if (rngs instanceof RngStream) return rngs;
  const origin = typeof rngs === "number" || PRNGKey.isKey(rngs) ? new Rngs(rngs) : rngs;
  if (!(origin instanceof Rngs)) {
    throw new TypeError(
      `${where}: expected rngs to be Rngs, an RngStream, a key or a seed, got ${describe(rngs)}. Pass { rngs: new Rngs(0) }.`,
    );
  }
  // Throws when there is no such stream, before anything is copied.
  origin.stream(collection);
  return origin;
}

const nothingToDo = (where: string, model: object, name: string, count: number): NnxError =>
  new NnxError(
    `${where}: expected a model with at least one ${name} layer to transform, got ${describe(model)} with ` +
      (count === 0
        ? "none. Subclasses are not transformed."
        : `${count}, all excluded by filter, skipFirst or skipLast. Pass { skipFirst: false } or a wider filter.`),
  );
