// Programs whose `lib` lacks `Disposable` get it here; without it States would be of type `any`
// there.
/// <reference lib="esnext.disposable" preserve="true" />
export type { ArrayLike } from "./data/array-like.ts";
export { DiffState, grad, type GradResult, valueAndGrad } from "./autodiff/grad.ts";
export type { Argnum, GradientOf, GradientsOf, GradOptions, LossOf } from "./autodiff/grad-types.ts";
export {
  capture,
  type Captured,
  type CaptureOptions,
  type CaptureTypes,
  type Forward,
} from "./capture/capture.ts";
export { perturb, type PerturbOptions, sow, type SowOptions } from "./recording/record.ts";
export { dispose } from "./graph/dispose.ts";
export { keep, tidy } from "./graph/scope.ts";
export {
  DisposedError,
  FilterError,
  GradientError,
  MissingRuleError,
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
  type PathContainsOptions,
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
export { asPure } from "./graph/as-pure.ts";
export { call, type Caller, type SplitPair } from "./graph/call.ts";
export { equalGraphDefs, hashGraphDef } from "./graph/equal.ts";
export { type DuplicateOptions, findDuplicates } from "./graph/find-duplicates.ts";
export { type GraphDefJson, graphDefFromJson, graphDefToJson } from "./graph/graph-def-json.ts";
export { type GraphState, type GraphStates, unpack } from "./graph/graph-state.ts";
export { map, type MapOptions } from "./graph/map.ts";
export { recursiveMap } from "./graph/recursive-map.ts";
export { pop } from "./graph/pop.ts";
export { printGraphDef } from "./graph/print.ts";
export { registerFactory, registerFunction, registerModule } from "./graph/registry.ts";
export { type MetadataOptions, setMetadata } from "./graph/set-metadata.ts";
export type { Json } from "./graph/static-json.ts";
export { clone, type CloneOptions } from "./graph/copy.ts";
export { merge } from "./graph/merge.ts";
export { graphdef, split, state, state as variables } from "./graph/split.ts";
export { update, type UpdateOptions, type UpdateValues } from "./graph/update.ts";
export { type AttributeOptions, type AttributeValues, setAttributes } from "./module/attributes.ts";
export { BaseModule } from "./graph/base-module.ts";
export { iterModules } from "./module/iter-modules.ts";
export {
  type HasModes,
  type ModeOptions,
  setMode,
  type ModeValues,
  view,
  withAttributes,
} from "./module/modes.ts";
export { Module } from "./module/module.ts";
export { viewInfo, type ViewInfoOptions } from "./module/view-info.ts";
export { formatPath, type Path, pathKey, type PathPart } from "./path.ts";
export { diffState, mergeState } from "./state/combine.ts";
export { type FlatEntry, flattenState, unflattenState } from "./state/flatten-state.ts";
export { mapState, mapValues, type WithValues } from "./state/map.ts";
export { filterState, splitState } from "./state/select.ts";
export type { LeafIn, SplitStates, StateOf, StatesFor } from "./state/state-of.ts";
export {
  type ArrayLeaf,
  leafValue,
  type OwnedState,
  type State,
  type StateLeaf,
  type StateNode,
} from "./state/state.ts";
export { applyPatches, diffPatches, type StatePatch, type StatePatches } from "./state/patches.ts";
export { type PureState, replaceByPure, toPure } from "./state/pure.ts";
export { type DraftOf, type StateDraft, updateState } from "./state/update-state.ts";
export type { Tensor } from "./tensor.ts";
export {
  type RegisterOptions,
  registerVariableName,
  type TypeFromNameOptions,
  variableNameFromType,
  variableTypeFromName,
} from "./variable/registry.ts";
export { Variable } from "./variable/variable.ts";
export {
  isVariableState,
  type Metadata,
  type VariableDef,
  type VariableState,
  type VariableType,
} from "./variable/variable-state.ts";
export { BatchStat, Cache, Intermediate, Param, Perturbation } from "./variable/variable-types.ts";
export { customVjp, type CustomVjpFunction, type CustomVjpOptions } from "./transforms/custom-vjp.ts";
export { type Jitted, jit, type JitOptions, jitPartial, printProgram } from "./transforms/jit.ts";
export { hostValue } from "./program/host-value.ts";
export type { ProgramInfo } from "./program/cache.ts";
export { remat } from "./transforms/remat.ts";
export { scaleGradient } from "./transforms/scale-gradient.ts";
export { stopGradient } from "./autodiff/stop-gradient.ts";
export {
  type GradientsOfAll,
  jvp,
  type JvpOptions,
  type PullBack,
  vjp,
  type VjpOptions,
} from "./autodiff/vjp.ts";
export { captureGradients, type CaptureGradientsOptions } from "./capture/capture-gradients.ts";
export {
  type CapturedGradients,
  type GradientState,
  type ValueAndGradient,
  valuesAt,
} from "./capture/gradient-types.ts";
export { diagnose, diagnoseAsync } from "./inspect/diagnose.ts";
export type { DiagnoseOptions, Diagnosis, Updater } from "./inspect/diagnose-types.ts";
export { formatInDevtools } from "./inspect/devtools.ts";
export type { FlagOptions, Thresholds } from "./inspect/thresholds.ts";
export { readAhead } from "./inspect/read-ahead.ts";
export {
  findNonFinite,
  findNonFiniteAsync,
  type FindNonFiniteOptions,
  type NonFinite,
} from "./inspect/find-non-finite.ts";
export { profile } from "./inspect/profile.ts";
export type { Profile, ProfileKey, ProfileRow } from "./inspect/profile-rows.ts";
export type { Flag, FlagKind, FlagPlace } from "./inspect/flag.ts";
export { tabulate, type TabulateOptions } from "./inspect/tabulate.ts";
export type { Amount, TabulatedVariable, Tabulation, TabulationRow } from "./inspect/tabulation.ts";
export type { Statistics } from "./inspect/statistics.ts";
export {
  summarize,
  summarizeAsync,
  type Summarizable,
  type SummarizeOptions,
  type Summary,
  type SummaryRow,
} from "./inspect/summarize.ts";
export type { StackedOf, Structure } from "./transforms/stack-results.ts";
export { Carry, type MapAxes, type MapAxis, StateAxes } from "./transforms/axes.ts";
export { cond, switch } from "./transforms/branches.ts";
export { type AbstractOf, asAbstract, evalShape } from "./transforms/eval-shape.ts";
export { ShapeDtypeStruct } from "./transforms/shape-dtype.ts";
export type { ScalarLike } from "./transforms/in-turn.ts";
export {
  hessian,
  type HessianResult,
  jacfwd,
  type JacobianOf,
  type JacobianOptions,
  type JacobianResult,
  jacrev,
} from "./transforms/jacobians.ts";
export { foriLoop, type NextOf, whileLoop } from "./transforms/loops.ts";
export { scan, type ScanOptions, type ScanResult } from "./transforms/scan.ts";
export { vmap, type VmapOptions } from "./transforms/vmap.ts";
