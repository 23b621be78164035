/** @file Remembers the modules of views, which share the Variables of another model. */

const views = new WeakMap<object, ReadonlySet<object>>();
const nothing: ReadonlySet<object> = new Set();

/**
 * Marks a module of a new view.
 * @param shared - What the view shares and an open scope owns. It does not end with the view: the model
 * that has it may be older than the scope.
 */
export const markAsView = (node: object, shared: ReadonlySet<object>): void => void views.set(node, shared);

/** Whether the node belongs to a view, so that another model owns its Variables. */
export const isView = (node: object): boolean => views.has(node);

/** What does not end with the node, because that is a view. */
export const sharedBy = (node: object): ReadonlySet<object> => views.get(node) ?? nothing;
