/** @file Unstable: what the other packages of this project use. It may change in any version. */
export { dense, type DenseConfig } from "./linear/dense-layer.ts";
export { checkRate } from "./stochastic/call-options.ts";
