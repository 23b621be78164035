/** @file Which modules share their Variables with a model that owns them. */

const views = new WeakSet<object>();

/** Marks a module of a new view. */
export const markAsView = (node: object): void => void views.add(node);

/** Whether the node only shows another model's Variables. */
export const isView = (node: object): boolean => views.has(node);
