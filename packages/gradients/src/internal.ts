/**
 * @file The tables of rules, and what the other packages of this project use. It is not for users,
 * and may change in any version.
 */
export { allRules } from "./all-rules.ts";
export { compareRules } from "./compare.ts";
export { complexRules } from "./complex.ts";
export { compositeRules } from "./composite.ts";
export { convRules } from "./conv.ts";
export { depthwiseRules } from "./depthwise.ts";
export { einsumRules } from "./einsum.ts";
export { elementwiseBinaryRules } from "./elementwise-binary.ts";
export { elementwiseUnaryRules } from "./elementwise-unary.ts";
export { fusedRules } from "./fused.ts";
export { gatherRules } from "./gather.ts";
export { imageRules } from "./image.ts";
export { installRules } from "./install.ts";
export { matmulRules } from "./matmul.ts";
export { normRules } from "./norm.ts";
export { poolRules } from "./pool.ts";
export { rearrangeRules } from "./rearrange.ts";
export { reduceRules } from "./reduce.ts";
export { scanRules } from "./scan.ts";
export { shapeRules } from "./shape.ts";
