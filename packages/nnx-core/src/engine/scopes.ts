/** @file Scopes of the engine. */
import * as tf from "@tensorflow/tfjs-core";

type Tensor = tf.Tensor;

/**
 * `tf.tidy` for results of any type: the tensors in arrays, plain objects and class instances
 * survive.
 */
export function scoped<R>(f: () => R): R {
  // The types of `tf.tidy` allow only results that it searches for tensors. It accepts others, too.
  const run: () => void = f;
  return tf.tidy(run) as R;
}

/** An open scope of the engine. */
export interface Scope {
  readonly id: number;
  /** The op that opened it. */
  readonly name: string;
  /** The tensors that were made in it. */
  readonly track: Tensor[];
}

/** The engine's members for scopes. They exist at run time, but its types do not declare them. */
interface ScopeEngine {
  readonly state: { readonly scopeStack: readonly Scope[]; readonly activeScope: Scope | null };
  track(tensor: Tensor): void;
  endScope(result?: unknown): void;
}

export const scopeEngine = (): ScopeEngine => tf.engine() as unknown as ScopeEngine;

/** The names of the ops that are running, and of other open scopes. */
export const openOps = (): readonly string[] => scopeEngine().state.scopeStack.map(({ name }) => name);
