/** @file Tensors that can take each other's place. */
import { isTensor, sameShape } from "@nnxjs/kernels/internal";

/** Whether `x` is a tensor of the shape and dtype of `model`. */
export const isLike = (x: unknown, model: unknown): boolean =>
  isTensor(x) && isTensor(model) && x.dtype === model.dtype && sameShape(x.shape, model.shape);
