/** @file Work that reads tensors, at once or without blocking. */
import type { Tensor } from "../tensor.ts";

/** A tensor to read; its values come back. */
export type Reading<R> = Generator<Tensor, R, ArrayLike<number>>;
