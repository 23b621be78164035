/** @file Arbitraries of Variables, States and filters. */
import {
  BatchStat,
  Cache,
  type Filter,
  type FlatEntry,
  Intermediate,
  not,
  Param,
  pathContains,
  type State,
  unflattenState,
  type Variable,
  withTag,
} from "@nnxjs/nnx-core";
import fc from "fast-check";
import type { Tensor } from "../tensor.ts";
import { codeOf, withCode } from "./code.ts";
import { tensors, type TensorsOptions } from "./tensors.ts";

const types = { Param, BatchStat, Cache, Intermediate };
type TypeName = keyof typeof types;

const typeNames = fc.constantFrom<TypeName>("Param", "BatchStat", "Cache", "Intermediate");

/** Names of attributes. They shrink to `a`. */
export const names = (): fc.Arbitrary<string> => fc.constantFrom("a", "b", "kernel", "bias", "layers", "x_1");

const tags = fc.constantFrom("fast", "slow");

/**
 * Variables of several types that hold a tensor; some have the metadata `tag`.
 * @returns Variables whose values are tensors of the asked shapes.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import fc from "fast-check";
 * import { variables } from "@nnxjs/testing";
 *
 * fc.assert(fc.property(variables({ shape: [2] }), (variable) => variable.value.size === 2));
 * ```
 */
export const variables = (options: TensorsOptions = {}): fc.Arbitrary<Variable<Tensor>> =>
  fc
    .tuple(typeNames, tensors(options), fc.option(tags, { nil: undefined }))
    .map(([type, tensor, tag]) =>
      withCode(
        new types[type]<Tensor>(tensor, tag === undefined ? {} : { tag }),
        `new nnx.${type}(${codeOf(tensor)}${tag === undefined ? "" : `, { tag: "${tag}" }`})`,
      ),
    );

/** Paths of a State that do not go through one another. */
const paths = fc
  .uniqueArray(fc.array(names(), { minLength: 1, maxLength: 3 }), {
    maxLength: 5,
    selector: (path) => path.join("."),
  })
  .map((all) =>
    all.filter(
      (path) =>
        !all.some((other) => other !== path && path.slice(0, other.length).join(".") === other.join(".")),
    ),
  );

/**
 * States, nested up to three levels deep, of Variables of several types. They shrink to the empty
 * State. A State is frozen, so fast-check prints it as data; {@link codeOf} gives the code.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import fc from "fast-check";
 * import { flattenState } from "@nnxjs/nnx";
 * import { states } from "@nnxjs/testing";
 *
 * fc.assert(fc.property(states(), (state) => flattenState(state).length <= 5));
 * ```
 */
export const states = (options: TensorsOptions = {}): fc.Arbitrary<State> =>
  paths.chain((all) =>
    fc.tuple(...all.map(() => fc.tuple(typeNames, tensors(options)))).map((leaves) => {
      const entries = all.map((path, i): FlatEntry => {
        const [type, value] = leaves[i]!;
        return [path, { type: types[type], value, metadata: {} }];
      });
      const lines = all.map(
        (path, i) =>
          `[${JSON.stringify(path)}, { type: nnx.${leaves[i]![0]}, value: ${codeOf(leaves[i]![1])}, metadata: {} }]`,
      );
      return withCode(unflattenState(entries) as State, `nnx.unflattenState([${lines.join(", ")}])`);
    }),
  );

interface FilterCode {
  readonly filter: Filter;
  readonly code: string;
}

const { tree } = fc.letrec<{ tree: FilterCode; leaf: FilterCode }>((tie) => ({
  leaf: fc.oneof(
    fc.boolean().map((filter) => ({ filter, code: String(filter) })),
    typeNames.map((name) => ({ filter: types[name], code: `nnx.${name}` })),
    names().map((name) => ({ filter: pathContains(name), code: `nnx.pathContains("${name}")` })),
    tags.map((tag) => ({ filter: withTag(tag), code: `nnx.withTag("${tag}")` })),
  ),
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    tie("tree").map(({ filter, code }) => ({ filter: not(filter), code: `nnx.not(${code})` })),
    fc.array(tie("tree"), { maxLength: 3 }).map((all) => ({
      filter: all.map(({ filter }) => filter),
      code: `[${all.map(({ code }) => code).join(", ")}]`,
    })),
  ),
}));

/**
 * Filters: types, tags, names in paths, `not`, and lists of filters. They shrink to `false`. A filter
 * may be a boolean or a class, so the code that rebuilds it stands beside it.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import fc from "fast-check";
 * import { filterState, flattenState } from "@nnxjs/nnx";
 * import { filters, states } from "@nnxjs/testing";
 *
 * fc.assert(
 *   fc.property(states(), filters(), (state, { filter }) => {
 *     return flattenState(filterState(state, filter)).length <= flattenState(state).length;
 *   }),
 * );
 * ```
 */
export const filters = (): fc.Arbitrary<FilterCode> => tree.map((each) => withCode({ ...each }, each.code));
