/** @file The modules of element-wise kernels, by topic. */
import type { WasmFunction } from "../../wasm-emitter/module.ts";
import {
  activationFunctions,
  activationSlopeFunctions,
  curveFunctions,
  exponentialFunctions,
  logarithmFunctions,
  plainFunctions,
  slopeFunctions,
} from "./functions.ts";
import { bitFunctions } from "./bits.ts";
import { comparisonFunctions, pairFunctions } from "./pairs.ts";

/** The functions of each module, by the name of the module. */
export const elementwiseModules: Readonly<Record<string, Readonly<Record<string, WasmFunction>>>> = {
  activations: activationFunctions,
  curves: curveFunctions,
  derivatives: activationSlopeFunctions,
  logarithms: logarithmFunctions,
  exponentials: exponentialFunctions,
  bits: bitFunctions,
  comparisons: comparisonFunctions,
  pairs: pairFunctions,
  plain: plainFunctions,
  slopes: slopeFunctions,
};
