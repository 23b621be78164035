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
export { glu } from "./activations/glu.ts";
export { logsumexp } from "./activations/logsumexp.ts";
export { type LogsumexpOptions, logsumexpWithSign } from "./activations/logsumexp-with-sign.ts";
export { oneHot, type OneHotOptions } from "./activations/one-hot.ts";
export { logSoftmax, softmax, type SoftmaxOptions } from "./activations/softmax.ts";
export { standardize, type StandardizeOptions } from "./activations/standardize.ts";

export { dynamicUpdateSlice } from "./indexing/dynamic-update-slice.ts";
export { takeAlongAxis } from "./indexing/take-along-axis.ts";

export {
  type DtypeOptions,
  type FloatDtype,
  type Precision,
  type PromoteDtype,
  promoteDtype,
} from "./dtypes.ts";
export { type DotGeneral, dotGeneral, type DotGeneralOptions } from "./linear/dot-general.ts";
export { Linear, type LinearOptions } from "./linear/linear.ts";
export { MissingRngError, type StochasticCallOptions } from "./stochastic/call-options.ts";
export {
  DropConnectLinear,
  type DropConnectLinearOptions,
  type DropConnectMasks,
} from "./stochastic/drop-connect-linear.ts";
export type { DropConnectScaling } from "./stochastic/drop-connect-weights.ts";
export { Dropout, type DropoutOptions } from "./stochastic/dropout.ts";
export { Einsum, type EinsumOp, type EinsumOptions } from "./linear/einsum.ts";
export { Embed, type EmbeddedOf, type EmbedOptions, type OutOfRange } from "./linear/embed.ts";
export { LinearGeneral, type LinearGeneralOptions } from "./linear/linear-general.ts";
export type { Axes } from "./axes.ts";
export type { AffineOptions, ScaleOptions } from "./norm/affine.ts";
export { BatchNorm, type BatchNormCallOptions, type BatchNormOptions } from "./norm/batch-norm.ts";
export {
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm,
  type InstanceNormOptions,
} from "./norm/group-norm.ts";
export {
  LayerNorm,
  type LayerNormOptions,
  type NormCallOptions,
  RMSNorm,
  type RMSNormOptions,
} from "./norm/layer-norm.ts";
export { Conv, type ConvOptions } from "./conv/conv.ts";
export type { ConvCommonOptions, PerAxis } from "./conv/conv-config.ts";
export { ConvTranspose, type ConvTransposeOptions } from "./conv/conv-transpose.ts";
export { type ConvGeneralDilated, convGeneralDilated, type ConvolveOptions } from "./conv/convolve.ts";
export type { Padding, Pads } from "./conv/padding.ts";
export { DropConnectConv, type DropConnectConvOptions } from "./stochastic/drop-connect-conv.ts";
export {
  avgPool,
  type AvgPoolOptions,
  maxPool,
  minPool,
  pool,
  type PoolOptions,
  type PoolReduction,
} from "./pooling/pool.ts";
export { PReLU, type PReLUOptions } from "./activations/prelu.ts";
export {
  LoRA,
  type LoRAFactorOptions,
  LoRALinear,
  type LoRALinearOptions,
  type LoRAOptions,
  LoRAParam,
  type LoRAParamType,
} from "./adapters/lora.ts";
export {
  SpectralNorm,
  type SpectralNormCallOptions,
  type SpectralNormOptions,
} from "./adapters/spectral-norm.ts";
export { WeightNorm, type WeightNormOptions } from "./adapters/weight-norm.ts";
export type { ForwardModule } from "./callable.ts";
export { Sequential, type SequentialCallOptions, type SequentialLayer } from "./containers/sequential.ts";
export {
  type AttentionOptions,
  dotProductAttention,
  dotProductAttentionWeights,
} from "./attention/dot-product.ts";
export {
  type AttentionMaskOptions,
  combineMasks,
  makeAttentionMask,
  makeCausalMask,
  type MaskDtype,
  type MaskOptions,
} from "./attention/masks.ts";
export { MultiHeadAttention } from "./attention/multi-head.ts";
export type {
  AttentionFn,
  MultiHeadAttentionCallOptions,
  MultiHeadAttentionOptions,
} from "./attention/multi-head-options.ts";
export {
  Bidirectional,
  type BidirectionalCallOptions,
  type BidirectionalOptions,
  type MergeFn,
} from "./recurrent/bidirectional.ts";
export {
  type Activation,
  type CarryOptions,
  type CarryRngs,
  type CellOptions,
  type GatedCellOptions,
  RNNCellBase,
} from "./recurrent/cell.ts";
export { GRUCell, SimpleCell, type SimpleCellOptions } from "./recurrent/gru.ts";
export { type LSTMCarry, LSTMCell, OptimizedLSTMCell } from "./recurrent/lstm.ts";
export { RNN, type RNNCallOptions, type RNNOptions, type RNNResult } from "./recurrent/rnn.ts";
export { flipSequences, type FlipOptions, type SeqLengths } from "./recurrent/sequences.ts";
