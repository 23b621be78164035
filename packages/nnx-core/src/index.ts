export type { ArrayLike } from "./array-like.ts";
export { DiffState, grad, type GradResult, valueAndGrad } from "./autodiff/grad.ts";
export type { Argnum, GradientOf, GradientsOf, GradOptions, LossOf } from "./autodiff/grad-types.ts";
export {
  capture,
  type Captured,
  type CaptureOptions,
  type CaptureTypes,
  type Forward,
} from "./capture/capture.ts";
export type { SowOptions } from "./capture/record.ts";
export { dispose } from "./dispose.ts";
export {
  describe,
  DisposedError,
  FilterError,
  GradientError,
  NnxError,
  NotFoundError,
  StructureError,
} from "./errors.ts";
export { equalFilters, printFilter } from "./filter/compare.ts";
export {
  allOf,
  anyOf,
  everything,
  type Filter,
  type FilterType,
  not,
  nothing,
  ofType,
  pathContains,
  pathIn,
  type Predicate,
  toPredicate,
  withTag,
} from "./filter/filter.ts";
export type {
  AttributeDef,
  Attributes,
  ContainerDef,
  GraphDef,
  NodeDef,
  NodeType,
  ObjectDef,
} from "./graph/graph-def.ts";
export { iterChildren, iterGraph, iterModuleChildren, iterNodes } from "./graph/iterate.ts";
export { GraphNode } from "./graph/node.ts";
export { clone, type CloneOptions, merge } from "./graph/merge.ts";
export { graphdef, split, type SplitStates, state } from "./graph/split.ts";
export { update } from "./graph/update.ts";
export { type AttributeOptions, type AttributeValues, setAttributes } from "./module/attributes.ts";
export { BaseModule } from "./module/base-module.ts";
export { iterModules } from "./module/iter-modules.ts";
export { Module } from "./module/module.ts";
export { formatPath, type Path, type PathPart } from "./path.ts";
export { diffState, mergeState } from "./state/combine.ts";
export { type FlatEntry, flattenState, unflattenState } from "./state/flatten-state.ts";
export { mapState, mapValues } from "./state/map.ts";
export { filterState, splitState, type StatesOf } from "./state/select.ts";
export type { OwnedState, State, StateLeaf, StateNode } from "./state/state.ts";
export { applyPatches, diffPatches, type StatePatch, type StatePatches } from "./state/patches.ts";
export { type PureState, replaceByPure, toPure } from "./state/pure.ts";
export { type DraftOf, type StateDraft, updateState } from "./state/update-state.ts";
export { fuse, isRecording, type Tensor } from "./tensor.ts";
export { registerVariableName, variableNameFromType, variableTypeFromName } from "./variable/registry.ts";
export { Variable } from "./variable/variable.ts";
export {
  isVariableState,
  type Metadata,
  sameMetadata,
  type VariableDef,
  type VariableState,
  type VariableType,
} from "./variable/variable-state.ts";
export { BatchStat, Cache, Intermediate, Param, Perturbation } from "./variable/variable-types.ts";
