/**
 * @file The scopes of tensorflow.js's engine (`tf.tidy` and what is like it): the part of the
 * library's seam that frees tensors.
 */
import { type Scope, scopeEngine, type Tensor } from "../tensor.ts";

export type { Scope } from "../tensor.ts";

/** Whether a `tf.tidy` (or an equivalent scope) is open. */
export const inScope = (): boolean => scopeEngine().state.activeScope != null;

/** The innermost open scope. */
export const innermostScope = (): Scope | undefined => scopeEngine().state.scopeStack.at(-1);

/** The innermost open scope and the one around it. */
export const innermostScopes = (): readonly [Scope | undefined, Scope | undefined] => {
  const { scopeStack } = scopeEngine().state;
  return [scopeStack.at(-1), scopeStack.at(-2)];
};

/**
 * The open scope in which a tensor was made, or inside which; none for what was made outside of
 * all.
 */
function scopeAround({ scopeId }: Tensor): Scope | undefined {
  const { scopeStack } = scopeEngine().state;
  // A scope inside another has the higher number, whether it has ended or not.
  for (let i = scopeStack.length - 1; i >= 0; i--) {
    const scope = scopeStack[i] as Scope;
    if (scope.id <= scopeId) return scope;
  }
  return undefined;
}

/**
 * Gives a kept tensor back to the scope it was made in, or to the innermost one, which frees it at
 * its end unless it is returned.
 */
export function giveToScope(tensor: Tensor): void {
  const engine = scopeEngine();
  tensor.kept = false;
  if (!engine.state.scopeStack.some(({ id }) => id === tensor.scopeId)) engine.track(tensor);
}

/** As {@link giveToScope}, but what was made outside of all scopes stays outside. */
export function giveBack(tensor: Tensor): void {
  tensor.kept = false;
  const scope = scopeAround(tensor);
  if (!scope || scope.id === tensor.scopeId) return;
  tensor.scopeId = scope.id;
  scope.track.push(tensor);
}

/** A tensor as if it had been made outside of all scopes. */
export function takeFromScopes(tensor: Tensor): void {
  const scope = scopeEngine().state.scopeStack.find(({ id }) => id === tensor.scopeId);
  const index = scope ? scope.track.lastIndexOf(tensor) : -1;
  if (index >= 0) scope?.track.splice(index, 1);
  // Below the number of any scope.
  tensor.scopeId = -1;
}

/**
 * Calls `notice` before each scope ends, with what it returns and the scope around it. If it throws,
 * the engine ends the scope a second time, and `notice` is called again. Returns how to stop.
 */
export function onScopeEnd(
  notice: (scope: Scope, result: unknown, outer: Scope | undefined) => void,
): () => void {
  const engine = scopeEngine();
  const own = Object.getOwnPropertyDescriptor(engine, "endScope");
  const endScope = engine.endScope.bind(engine);
  const noticing = (result?: unknown): void => {
    const { scopeStack } = engine.state;
    const scope = scopeStack.at(-1);
    if (scope) notice(scope, result, scopeStack.at(-2));
    endScope(result);
  };
  engine.endScope = noticing;
  return () => {
    // Where somebody else has put theirs around it, it stays.
    if (engine.endScope !== noticing) return;
    if (own) Object.defineProperty(engine, "endScope", own);
    else Reflect.deleteProperty(engine, "endScope");
  };
}
