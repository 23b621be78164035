/**
 * @file The base class that marks a node as a module. It is in a file apart from `Module`, so that
 * functions on modules need not import its methods.
 */
import { GraphNode } from "./node.ts";

/**
 * The marker that `iterModules`, `capture` and `setAttributes` look for. Extend {@link Module}
 * instead.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * [model instanceof nnx.BaseModule, new nnx.Rngs(0) instanceof nnx.BaseModule]; // => [true, false]
 * ```
 */
export abstract class BaseModule extends GraphNode {
  declare protected readonly module: true;
}

/**
 * Prototypes of the library's classes. A search through the prototypes of a user's class stops at
 * these. Each class of the library adds its own.
 */
export const libraryPrototypes: Set<object> = new Set([BaseModule.prototype, Object.prototype]);
