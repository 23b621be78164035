/** @file The kernels of recurrent cells: names and attributes. */

/** How sequences are laid out, and in which order a cell goes through them. */
export interface SequenceAttrs {
  /** Whether an array is `[steps, batch, features]`, or `[batch, steps, features]`. */
  readonly timeMajor: boolean;
  /** Whether the last step comes first. Results are where their inputs are, either way. */
  readonly reverse: boolean;
}

/** Whether the activation gets the carry as well. */
export interface SimpleAttrs extends SequenceAttrs {
  readonly residual: boolean;
}

/** The names of the kernels in the registry. */
export const recurrentKernelNames = {
  lstm: "NnxLstm",
  lstmGrad: "NnxLstmGrad",
  gru: "NnxGru",
  gruGrad: "NnxGruGrad",
  simple: "NnxSimpleRnn",
  simpleGrad: "NnxSimpleRnnGrad",
} as const;
