// Programs whose `lib` lacks `Disposable` get it here; without it States would be of type `any`
// there.
/// <reference lib="esnext.disposable" preserve="true" />
/** @file Unstable: what the other packages of this project use. It may change in any version. */
export { checkModule, checkTensor } from "./graph/arguments.ts";
export { checkOptions, nearestName, type OptionNames } from "./data/options.ts";
export { checkFunction, isClass } from "./data/functions.ts";
export { nameDisposeMethod } from "./data/dispose-symbol.ts";
export { describe } from "./errors.ts";
export { registeredNames, requireNamed } from "./graph/named.ts";
export { checkState } from "./state/check-state.ts";
export { checkParam } from "./variable/parameter.ts";
export { isGraphState } from "./graph/graph-state.ts";
export { nodesOf } from "./graph/iterate.ts";
export { isWritable, setChild } from "./graph/node.ts";
export { needsPath } from "./filter/description.ts";
export { GraphWalk, type GraphVisitor, type LeafPlace, type LeafValue } from "./graph/flatten.ts";
export { leaveToModules, release, retain } from "./ownership/holders.ts";
export { entriesOf, isContainer, mapItems } from "./data/containers.ts";
export { isPlainObject } from "./data/plain-object.ts";
export { isOwner } from "./state/holding.ts";
export { leafValue } from "./state/state.ts";
export { walkState } from "./state/walk-state.ts";
export { modeChanges, type ModeChanges, type ModeRequest, type ModeWrite } from "./module/mode-changes.ts";
export { type ElementArrays, fuse, isRecording, newTensor } from "./tensor.ts";
