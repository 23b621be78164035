/** @file Remembers the modules of views, which share the Variables of another model. */

const views = new WeakMap<object, readonly object[]>();

/**
 * Marks a module of a new view.
 * @param shared - Its Variables that an open scope owns. They do not end with the view: the model that
 * has them may be older than the scope.
 */
export const markAsView = (node: object, shared: readonly object[]): void => void views.set(node, shared);

/** Whether the node belongs to a view, so that another model owns its Variables. */
export const isView = (node: object): boolean => views.has(node);

/** The Variables that do not end with the node, which is a view. */
export const sharedBy = (node: object): readonly object[] => views.get(node) ?? [];
