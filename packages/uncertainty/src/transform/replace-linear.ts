/** @file What `dropconnect` and `dropout` have in common: a copy of a model with other layers in the places of its Linear layers. */
import {
  describe,
  type Filter,
  GraphNode,
  iterNodes,
  NnxError,
  type Path,
  toPredicate,
} from "@nnxjs/nnx-core";
import { Linear } from "@nnxjs/layers";
import { PRNGKey, Rngs, RngStream } from "@nnxjs/rnglib";
import { copyGraph } from "./copy-graph.ts";
import { type LayerOrder, layersOf } from "./layer-order.ts";
import { exchange, isContainer } from "./slots.ts";

/** Which layers are transformed, and where their streams come from. */
export interface TransformOptions {
  /** Each new layer forks a stream of its own from here. A seed or key starts a new Rngs. */
  rngs: Rngs | RngStream | PRNGKey | number;
  /** Which Linear layers. @defaultValue true, all */
  filter?: Filter;
  /** Leave the first layer with parameters, of whatever kind, as it is: the one that sees the input. @defaultValue true */
  skipFirst?: boolean;
  /** Leave the last layer with parameters, of whatever kind, as it is: mostly the classifier. @defaultValue false */
  skipLast?: boolean;
  /** What first and last mean; also the order in which layers draw their streams. @defaultValue "definition" */
  order?: LayerOrder;
}

/** Where new layers fork their streams from. */
export type StreamOrigin = Rngs | RngStream;

/** @throws NnxError when nothing would be transformed; no stream has advanced then. */
export function replaceLinears<M extends object>(
  where: string,
  model: M,
  { rngs, filter = true, skipFirst = true, skipLast = false, order = "definition" }: TransformOptions,
  collection: string,
  make: (base: Linear, origin: StreamOrigin) => GraphNode,
): M {
  if (!(model instanceof GraphNode || isContainer(model))) {
    throw new NnxError(`${where}: expected a model, got ${describe(model)}. Pass the model first.`);
  }
  if (order !== "definition" && order !== "graph") {
    throw new TypeError(`${where}: expected order to be "definition" or "graph", got ${describe(order)}.`);
  }
  const origin = originOf(where, rngs, collection);
  const matches = toPredicate(filter);
  const paths = new Map<object, Path>();
  for (const [path, node] of iterNodes(model)) paths.set(node, path);
  const layers = layersOf(model, order);
  const linears = layers.filter(isLinear);
  const [first, last] = [layers[0], layers.at(-1)];
  const chosen = linears.filter(
    (layer) =>
      !(skipFirst && layer === first) &&
      !(skipLast && layer === last) &&
      matches(paths.get(layer) ?? [], layer),
  );
  if (chosen.length === 0) throw nothingToDo(where, model, linears.length);
  const { copy, copyOf } = copyGraph(model);
  const others = new Map<object, object>();
  for (const layer of chosen) {
    const base = copyOf.get(layer) as Linear;
    others.set(base, make(base, origin));
  }
  return exchange(copy, others);
}

/** Exactly Linear: what a subclass computes is its own affair. */
const isLinear = (layer: GraphNode): layer is Linear => layer.constructor === Linear;

function originOf(where: string, rngs: TransformOptions["rngs"], collection: string): StreamOrigin {
  if (rngs instanceof RngStream) return rngs;
  const origin = typeof rngs === "number" || PRNGKey.isKey(rngs) ? new Rngs(rngs) : rngs;
  if (!(origin instanceof Rngs)) {
    throw new TypeError(
      `${where}: expected rngs to be Rngs, an RngStream, a key or a seed, got ${describe(rngs)}. Pass { rngs: new Rngs(0) }.`,
    );
  }
  // Throws here, before anything is copied, when there is no such stream.
  origin.stream(collection);
  return origin;
}

const nothingToDo = (where: string, model: object, count: number): NnxError =>
  new NnxError(
    `${where}: expected a model with at least one Linear layer to transform, got ${describe(model)} with ` +
      (count === 0
        ? "none. Only layers that are exactly Linear are transformed."
        : `${count}, of which none is left by filter, skipFirst and skipLast. Pass { skipFirst: false } or a wider filter.`),
  );
