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
export { Linear, type LinearOptions } from "./linear/linear.ts";
export { MissingRngError, type StochasticCallOptions } from "./stochastic/call-options.ts";
export {
  DropConnectLinear,
  type DropConnectLinearOptions,
  type DropConnectScaling,
} from "./stochastic/drop-connect-linear.ts";
export { Dropout, type DropoutOptions } from "./stochastic/dropout.ts";
