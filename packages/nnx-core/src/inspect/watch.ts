/** @file Watches a run for what is not told by values: inputs, streams, running statistics. */
import { capturedModules } from "../capture/recording.ts";
import { iterNodes } from "../graph/iterate.ts";
import { GraphNode } from "../graph/node.ts";
import { hold, type Lease } from "../ownership/lease.ts";
import type { Path } from "../path.ts";
import { withoutTape } from "../autodiff/tape.ts";
import type { Modules } from "../recording/running.ts";
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

/** Whether a module multiplies by a matrix of its own. */
const hasKernel = (module: object): boolean =>
  Object.values(module).some((each) => each instanceof Variable && isMatrix(each));

export function isMatrix(variable: Variable): boolean {
  const value: unknown = variable.isDisposed ? undefined : variable.toState().value;
  return isTensor(value) && value.rank >= 2;
}

/** Keeps the input of the first layer with a kernel, and those of layers with running statistics. */
export class InputWatch implements Session {
  readonly where: string;
  readonly modules: Modules;
  readonly inputs: WatchedInput[] = [];
  first: WatchedInput | undefined;
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
    const isFirst = !this.first && hasKernel(module);
    if (this.#seen.has(module) || !(isFirst || hasStatistics(module))) return;
    this.#seen.add(module);
    if (!isTensor(x)) return;
    const tensor = withoutTape(() => alias(x));
    this.#leases.push(hold(tensor));
    const input = { module, path: this.modules.pathOf(module), tensor };
    if (isFirst) this.first = input;
    if (hasStatistics(module)) this.inputs.push(input);
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
  /** The key and the count before the run, as text. */
  readonly start: string;
  readonly count: Variable;
  /** The leaf of the count before the run. */
  readonly before: object;
}

/** The streams of a model, as they are now. */
export function streamsOf(model: object): Stream[] {
  const streams: Stream[] = [];
  for (const [path, node] of iterNodes(model)) {
    if (!(node instanceof GraphNode) || !("key" in node) || !("count" in node)) continue;
    const { key, count } = node;
    if (!(key instanceof Variable) || !(count instanceof Variable) || key.isDisposed || count.isDisposed)
      continue;
    const start = `${String(key.getRawValue())} at ${JSON.stringify(count.getRawValue())}`;
    streams.push({ node, path, start, count, before: count.toState() });
  }
  return streams;
}
