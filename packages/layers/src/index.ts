export {
  celu,
  elu,
  gelu,
  type GeluOptions,
  logSigmoid,
  selu,
  sigmoid,
  silu,
  softplus,
  swish,
  tanh,
} from "./activations/exponentials.ts";
export {
  hardSigmoid,
  hardSilu,
  hardSwish,
  hardTanh,
  identity,
  leakyRelu,
  relu,
  relu6,
  softSign,
} from "./activations/rectifiers.ts";
export {
  glu,
  logSoftmax,
  logsumexp,
  type LogsumexpOptions,
  logsumexpWithSign,
  oneHot,
  type OneHotOptions,
  softmax,
  type SoftmaxOptions,
  standardize,
  type StandardizeOptions,
} from "./activations/softmax.ts";

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
