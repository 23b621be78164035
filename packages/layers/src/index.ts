export { relu } from "./activations.ts";
export {
  type DotGeneral,
  dotGeneral,
  type DotGeneralOptions,
  type FloatDtype,
  type Precision,
  type PromoteDtype,
  promoteDtype,
} from "./linear/dot-general.ts";
export { dense, type DenseConfig, Linear, type LinearOptions } from "./linear/linear.ts";
export { checkRate, MissingRngError, type StochasticCallOptions } from "./stochastic/call-options.ts";
export {
  DropConnectLinear,
  type DropConnectLinearOptions,
  type DropConnectMasks,
  type DropConnectScaling,
} from "./stochastic/drop-connect-linear.ts";
export { Dropout, type DropoutOptions } from "./stochastic/dropout.ts";
export { Einsum, type EinsumOp, type EinsumOptions } from "./linear/einsum.ts";
export { Embed, type EmbedOptions, type OutOfRange } from "./linear/embed.ts";
export { LinearGeneral, type LinearGeneralOptions } from "./linear/linear-general.ts";
export type { Axes } from "./axes.ts";
export type { DtypeOptions } from "./params.ts";
