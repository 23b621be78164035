// Programs whose `lib` lacks `Disposable` get it here; without it States would be of type `any`
// there.
/// <reference lib="esnext.disposable" preserve="true" />
/**
 * @file Unstable exports for the other packages of this project. They may change in any version.
 */
export { checkModule, checkTensor } from "./graph/arguments.ts";
export { sliceArray, stackArrays } from "./data/array-axes.ts";
export { checkOptions, nearestName, type OptionNames } from "./data/options.ts";
export { checkFunction, isClass } from "./data/functions.ts";
export { nameDisposeMethod } from "./data/dispose-symbol.ts";
export { nameOf } from "./data/name-of.ts";
export { describe } from "./errors.ts";
export { registeredNames, requireNamed } from "./graph/named.ts";
export { checkState, isStateLike } from "./state/check-state.ts";
export { checkGraphDef, isGraphDefLike } from "./graph/check-graph-def.ts";
export { leavesOfDefinition } from "./graph/leaves-of-definition.ts";
export { StaticReader } from "./graph/static-from-json.ts";
export { toJson } from "./graph/static-json.ts";
export { checkParam } from "./variable/parameter.ts";
export { recordRecipe } from "./graph/registry.ts";
export { isGraphState } from "./graph/graph-state.ts";
export { nodesOf } from "./graph/iterate.ts";
export { copyGraph } from "./graph/copy.ts";
export { isWritable, ownVariables, setChild } from "./graph/node.ts";
export { Walk } from "./graph/walk.ts";
export { asksForPathsOnly, isDescribed, needsPath } from "./filter/description.ts";
export { partFromKey } from "./path.ts";
export { GraphWalk, type LeafPlace } from "./graph/flatten.ts";
export { hold, holdersOf, type Lease, leaveToModules } from "./ownership/lease.ts";
export { entriesOf, isContainer, mapItems } from "./data/containers.ts";
export { isPlainObject } from "./data/plain-object.ts";
export { isOwner } from "./state/holding.ts";
export { leafValue } from "./state/state.ts";
export { mapLeaves, withValue } from "./state/map.ts";
export { walkState } from "./state/walk-state.ts";
export { methodItself } from "./recording/methods.ts";
export { isCapturing, noteDraw } from "./recording/session.ts";
export { atomicallyOn } from "./undo/atomically.ts";
export { modeChanges, type ModeChanges, type ModeWrite } from "./module/mode-changes.ts";
export { registerHostData } from "./program/host-data.ts";
export { noteStep, onHost, rememberSource } from "./program/host-value.ts";
export { isFixed, markFixed } from "./program/section-inputs.ts";
export { unread } from "./variable/observer.ts";
export { variableFromState } from "./variable/from-state.ts";
export { glance, isPlainVariable, isUnobserved, isUnseen, noteUnseen } from "./variable/unseen.ts";
export { fuse } from "./tensor.ts";
