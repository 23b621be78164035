/** @file Remembers the modules of views, which share the Variables of another model. */

const views = new WeakSet<object>();

/** Marks a module of a new view. */
export const markAsView = (node: object): void => void views.add(node);

/** Whether the node belongs to a view, so that another model owns its Variables. */
export const isView = (node: object): boolean => views.has(node);
