/** @file The tensors that programs hold. */
import { takeFromScopes } from "../ownership/tensor-scopes.ts";
import { keep, sharing, type Tensor } from "../tensor.ts";

/** Takes a tensor out of all scopes. */
export function keepForGood(tensor: Tensor): Tensor {
  keep(tensor);
  takeFromScopes(tensor);
  return tensor;
}

/** Another tensor of the same data, which no scope frees. */
export const shareForGood = (tensor: Tensor): Tensor => keepForGood(sharing(tensor));
