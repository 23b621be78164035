/** @file Watches a run for what is not told by values: inputs, streams, running statistics. */
import { capturedModules } from "../capture/recording.ts";
import { BaseModule } from "../graph/base-module.ts";
import { iterGraphNodes, iterNodes } from "../graph/iterate.ts";
import { GraphNode } from "../graph/node.ts";
import { hold, type Lease } from "../ownership/lease.ts";
import { type Path, pathKey } from "../path.ts";
import { withoutTape } from "../autodiff/tape.ts";
import { type Modules, runningModule } from "../recording/running.ts";
import type { Called, Session } from "../recording/session.ts";
import { alias, isTensor, type Tensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";

/** The first input of a module. */
export interface WatchedInput {
  readonly module: object;
  readonly path: Path;
  readonly tensor: Tensor;
}

/** Whether a module has running statistics: `mean` and `var`, and a `momentum`. */
export const hasStatistics = (
  module: object,
): module is { readonly mean: Variable<Tensor>; readonly var: Variable<Tensor>; readonly momentum: number } =>
  "mean" in module &&
  "var" in module &&
  module.mean instanceof Variable &&
  module.var instanceof Variable &&
  "momentum" in module &&
  typeof module.momentum === "number";

/** Whether a module has a matrix of its own. */
const hasMatrix = (module: object): boolean =>
  Object.values(module).some((each) => each instanceof Variable && isMatrix(each));

/** Whole numbers say which rows are looked up, unless a kernel multiplies them: they have no scale. */
const isLookUp = (module: object, { dtype }: Tensor): boolean => dtype === "int32" && !("kernel" in module);

function isMatrix(variable: Variable): boolean {
  const value: unknown = variable.isDisposed ? undefined : variable.toState().value;
  return isTensor(value) && value.rank >= 2;
}

/**
 * Keeps the input of the first layer with a matrix, and those of layers with running statistics; notes
 * where random numbers are drawn.
 */
export class RunWatch implements Session {
  readonly where: string;
  readonly modules: Modules;
  readonly inputs: WatchedInput[] = [];
  first: WatchedInput | undefined;
  #hasBegun = false;
  readonly #draws = new Set<string>();
  readonly #leases: Lease[] = [];
  readonly #seen = new Set<object>();

  constructor(where: string, model: object) {
    this.where = where;
    this.modules = capturedModules(where, model);
  }

  record(): boolean {
    return false;
  }

  began({ module, args }: Called): undefined {
    const [x] = args;
    const isFirst = !this.#hasBegun && hasMatrix(module);
    if (this.#seen.has(module) || !(isFirst || hasStatistics(module))) return;
    this.#seen.add(module);
    if (isFirst) this.#hasBegun = true;
    if (!isTensor(x) || isLookUp(module, x)) return;
    const tensor = withoutTape(() => alias(x));
    this.#leases.push(hold(tensor));
    const input = { module, path: this.modules.pathOf(module), tensor };
    if (isFirst) this.first = input;
    if (hasStatistics(module)) this.inputs.push(input);
  }

  drew(): void {
    const module = runningModule(this.modules);
    this.#draws.add(pathKey(module ? this.modules.pathOf(module) : []));
  }

  /**
   * The streams whose keys became numbers. A recurrent layer takes a key for its first carry, and
   * zeros do not use it.
   * @param streams - Those that gave keys.
   */
  used(streams: readonly Stream[]): readonly Stream[] {
    const draws = [...this.#draws];
    // The key of a path begins with those of the paths above it.
    const isOf = ({ owner }: Stream, draw: string): boolean => draw.startsWith(owner);
    // Of numbers that are drawn elsewhere nobody knows which stream they came from.
    if (draws.some((draw) => !streams.some((stream) => isOf(stream, draw)))) return streams;
    return streams.filter((stream) => draws.some((draw) => isOf(stream, draw)));
  }

  /** Frees what was kept. */
  dispose(): void {
    for (const lease of this.#leases) lease.release();
  }
}

/** A stream of random keys: any node with a key and a count. */
export interface Stream {
  readonly node: object;
  readonly path: Path;
  /** The key of the path of the module that it belongs to. */
  readonly owner: string;
  /** The key and the count before the run, as text. */
  readonly start: string;
  readonly count: Variable;
  /** The leaf of the count before the run. */
  readonly before: object;
}

/** The streams of a model, as they are now. */
export function streamsOf(model: object): Stream[] {
  const streams: Stream[] = [];
  const modules = new Set(
    [...iterGraphNodes(model)].flatMap(([path, node]) => (node instanceof BaseModule ? [pathKey(path)] : [])),
  );
  for (const [path, node] of iterNodes(model)) {
    if (!(node instanceof GraphNode) || !("key" in node) || !("count" in node)) continue;
    const { key, count } = node;
    if (!(key instanceof Variable) || !(count instanceof Variable) || key.isDisposed || count.isDisposed)
      continue;
    const start = `${String(key.getRawValue())} at ${JSON.stringify(count.getRawValue())}`;
    const around = path.map((_, i) => pathKey(path.slice(0, i)));
    const owner = around.filter((each) => modules.has(each)).at(-1) ?? "";
    streams.push({ node, path, owner, start, count, before: count.toState() });
  }
  return streams;
}
