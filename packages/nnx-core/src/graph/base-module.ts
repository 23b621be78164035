/**
 * @file What makes a node a module. Apart from `Module`, so that functions on modules need not
 * import its methods.
 */
import { GraphNode } from "./node.ts";

/**
 * The marker that `iterModules`, `capture` and `setAttributes` look for. Extend {@link Module}
 * instead.
 */
export abstract class BaseModule extends GraphNode {
  declare protected readonly module: true;
}

/** The prototypes at which the classes of users end. Each class of the library adds its own. */
export const libraryPrototypes: Set<object> = new Set([BaseModule.prototype, Object.prototype]);
