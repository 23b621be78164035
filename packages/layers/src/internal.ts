/**
 * @file What the other packages of this project use. It is not for users, and may change in any
 * version.
 */
export { logsumexpBy } from "./activations/logsumexp-by.ts";
export { KernelLayer } from "./kernel-layer.ts";
export { dense, type DenseConfig, DenseLayer } from "./linear/dense-layer.ts";
export { checkRate } from "./stochastic/call-options.ts";
export { normalizeAxes, normalizeAxis } from "./axes.ts";
export { checkBroadcast, shapeText } from "./checks.ts";
export {
  axisList,
  axisListOrNull,
  checkGiven,
  count,
  finite,
  flag,
  integer,
  oneOf,
  type OptionCheck,
  type OptionChecks,
  orNull,
} from "./options.ts";
