/** @file Adam whose learning rate is a Variable, so that it can be changed while training goes on. */
import * as nnx from "@nnxjs/nnx";

export const adam = nnx.injectHyperparams(nnx.adam);

const rateOf = ({ optState }: nnx.Optimizer): nnx.OptArray =>
  (optState as { hyperparams: { learningRate: nnx.OptArray } }).hyperparams.learningRate;

export function setLearningRate(optimizer: nnx.Optimizer, rate: number): void {
  rateOf(optimizer).value = rate;
}
