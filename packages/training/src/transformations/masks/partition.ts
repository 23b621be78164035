/** @file Several transformations, each for its own parameters. */
import {
  type Filter,
  formatPath,
  type Path,
  registerFactory,
  registerFunction,
  StructureError,
  toPredicate,
} from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { mapFlags, spread } from "../../tree/select.ts";
import type { Nested, Tree } from "../../tree/tree.ts";
import { mapVariables } from "./mask.ts";
import { type MaskedOptions, maskedWith } from "./masked.ts";
import {
  checkTransformation,
  type GradientTransformation,
  type TransformationState,
} from "../transformation.ts";

/** Labels of parameters by path, or one for all below a path; or a function that returns that. */
export type ParamLabels = Nested<string> | ((params: Tree) => Nested<string>);

/** What each transformation remembers, by label. */
type PartitionState = {
  readonly innerStates: { readonly [label: string]: { readonly innerState: TransformationState } };
};

/** Both forms of {@link partition}. */
interface Partition {
  (
    transforms: Readonly<Record<string, GradientTransformation>>,
    paramLabels: ParamLabels,
    options?: MaskedOptions,
  ): GradientTransformation<PartitionState>;
  (
    transforms: readonly (readonly [filter: Filter, transformation: GradientTransformation])[],
    options?: MaskedOptions,
  ): GradientTransformation<PartitionState>;
}

type Labelled = (
  transforms: Readonly<Record<string, GradientTransformation>>,
  paramLabels: ParamLabels,
  options?: MaskedOptions,
) => GradientTransformation<PartitionState>;

const byLabel: Labelled = registerFactory("tx.partition", (transforms, paramLabels, options = {}) => {
  checkOptions<MaskedOptions>("partition", options, { maskCompatibleExtraArgs: true });
  const names = Object.keys(transforms);
  for (const name of names) checkTransformation("partition", transforms[name], `for ${JSON.stringify(name)}`);
  const isLabel = (x: unknown): x is string => typeof x === "string" && Object.hasOwn(transforms, x);
  const labelsFor = (params: Tree): Nested<string> =>
    spread(
      "partition",
      params,
      typeof paramLabels === "function" ? paramLabels(params) : paramLabels,
      `a label among {${names.join(", ")}}`,
      isLabel,
    );
  const forLabel = (name: string, labels: Nested<string>): GradientTransformation<MaskedPart> =>
    maskedWith(
      "partition",
      transforms[name] as GradientTransformation,
      () => mapFlags((label) => label === name, labels),
      options,
    );
  return {
    init: (params) => {
      const labels = labelsFor(params);
      return {
        innerStates: Object.fromEntries(names.map((name) => [name, forLabel(name, labels).init(params)])),
      };
    },
    update: (updates, { innerStates }, params, extra) => {
      const labels = labelsFor(params);
      let current = updates;
      const next = names.map((name) => {
        const before = innerStates[name];
        if (before === undefined) throw unknownState(name, innerStates);
        const [given, state] = forLabel(name, labels).update(current, before, params, extra);
        current = given;
        return [name, state] as const;
      });
      return [current, { innerStates: Object.fromEntries(next) }];
    },
  };
});

type MaskedPart = { readonly innerState: TransformationState };

const unknownState = (name: string, states: object): StructureError =>
  new StructureError(
    `partition: expected a state for ${JSON.stringify(name)}, got ${describe(states)}. Restore the state of the same partition.`,
  );

/** Labels of the first filter that matches, which are indices. */
const filterLabels: (filters: readonly Filter[]) => (params: Tree) => Nested<string> = registerFactory(
  "tx.filterLabels",
  (filters) => {
    const predicates = filters.map(toPredicate);
    const labelOf = (path: Path, variable: unknown): string => {
      const index = predicates.findIndex((matches) => matches(path, variable));
      if (index >= 0) return String(index);
      throw new StructureError(
        `partition at ${formatPath(path)}: expected a filter that matches each parameter, got none. ` +
          "Add [true, nnx.setToZero()] as the last, or a transformation for the rest.",
      );
    };
    return (params) => mapVariables("partition", params, labelOf, predicates);
  },
);

/**
 * Several transformations, each for its own parameters, by label or by filter.
 *
 * By label, as in optax: transformations by name, and a name for each parameter. By filter: pairs,
 * of which the first whose filter matches counts; for the transformations of an Optimizer.
 * @param transforms - A record by label, or pairs of a filter and a transformation.
 * @param paramLabels - With a record: labels by path, or for all below a path, or a function of the
 * parameters, which is asked once in each step.
 * @throws StructureError for what is no transformation; and with the path, for a parameter without
 * a label that is known, or without a filter that matches.
 * @see `optax.partition`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const model = { body: new nnx.Linear(4, 8, { rngs }), head: new nnx.Linear(8, 2, { rngs }) };
 * const byName = nnx.partition({ slow: nnx.sgd(1e-4), fast: nnx.adam(1e-2) }, { body: "slow", head: "fast" });
 * const byFilter = nnx.partition([
 *   [nnx.pathContains("bias"), nnx.sgd(1e-4)],
 *   [true, nnx.adam(1e-2)],
 * ]);
 * const optimizers = [byName, byFilter].map((tx) => new nnx.Optimizer(model, tx));
 * ```
 */
export const partition: Partition = (
  transforms:
    | Readonly<Record<string, GradientTransformation>>
    | readonly (readonly [Filter, GradientTransformation])[],
  labels?: ParamLabels | MaskedOptions,
  options?: MaskedOptions,
) => {
  if (!Array.isArray(transforms)) {
    checkLabels(transforms, labels);
    return byLabel(
      transforms as Readonly<Record<string, GradientTransformation>>,
      labels as ParamLabels,
      options,
    );
  }
  const pairs = transforms as readonly unknown[];
  for (const pair of pairs) {
    if (Array.isArray(pair) && pair.length === 2) continue;
    throw new StructureError(
      `partition: expected pairs of a filter and a transformation, got ${describe(pair)}. Write [[filter, tx], [true, tx]].`,
    );
  }
  const known = pairs as readonly (readonly [Filter, GradientTransformation])[];
  const byIndex = Object.fromEntries(known.map(([, transformation], i) => [String(i), transformation]));
  return byLabel(byIndex, filterLabels(known.map(([filter]) => filter)), labels as MaskedOptions);
};

function checkLabels(transforms: unknown, labels: unknown): void {
  const isRecord = typeof transforms === "object" && transforms !== null;
  if (isRecord && (typeof labels === "object" || typeof labels === "function" || typeof labels === "string"))
    return;
  throw new StructureError(
    `partition: expected transformations by label and the labels of parameters, got ${describe(transforms)} and ${describe(labels)}. ` +
      "Call partition({ a: tx, b: tx }, { path: label }), or partition([[filter, tx], [true, tx]]).",
  );
}

/**
 * The name that `partition` had. @see `optax.multi_transform`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const tx = nnx.multiTransform({ slow: nnx.sgd(1e-4), fast: nnx.adam(1e-2) }, { bias: "slow", kernel: "fast" });
 * const optimizer = new nnx.Optimizer(model, tx);
 * ```
 */
export const multiTransform: Partition = partition;

registerFunction("tx.partitionOf", partition);
