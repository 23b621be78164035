/** @file A chain whose parts have names. */
import { registerFactory, StructureError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import {
  checkTransformation,
  type GradientTransformation,
  type TransformationState,
} from "../transformation.ts";

type NamedState = { readonly [name: string]: TransformationState };

/**
 * As `chain`, with a name for each transformation: the state is a record of theirs.
 * @param transformations - Pairs of a name and a transformation.
 * @throws StructureError for what is no pair of a name and a transformation, for a name that is
 * there twice, and for the state of another chain.
 * @see `optax.named_chain`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.namedChain(["clip", nnx.clipByGlobalNorm(1)], ["adam", nnx.adam(1e-3)]);
 * ```
 */
export const namedChain: (
  ...transformations: readonly (readonly [name: string, transformation: GradientTransformation])[]
) => GradientTransformation<NamedState> = registerFactory(
  "tx.namedChain",
  (...pairs: (readonly [string, GradientTransformation])[]) => {
    const names = new Set<string>();
    for (const pair of pairs) {
      const [name, transformation] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
      if (typeof name !== "string" || name === "" || names.has(name)) {
        throw new StructureError(
          `namedChain: expected pairs of a name and a transformation, each name once, got ${describe(pair)}. ` +
            'Write namedChain(["clip", clip(1)], ["sgd", sgd(0.1)]).',
        );
      }
      checkTransformation("namedChain", transformation, `for ${JSON.stringify(name)}`);
      names.add(name);
    }
    return {
      init: (params) => Object.fromEntries(pairs.map(([name, each]) => [name, each.init(params)])),
      update: (updates, states, params, extra) => {
        let current = updates;
        const next = pairs.map(([name, each]) => {
          const before = Object.hasOwn(states, name) ? states[name] : undefined;
          if (before === undefined) {
            throw new StructureError(
              `namedChain: expected a state for ${JSON.stringify(name)}, got ${describe(states)}. Restore the state of the same chain.`,
            );
          }
          const [result, state] = each.update(current, before, params, extra);
          current = result;
          return [name, state] as const;
        });
        return [current, Object.fromEntries(next)];
      },
    };
  },
);
