/** @file Contractions, and what they are made of, on kernels that are right. */
import * as quickly from "../quick/arrange.ts";
import { contract as contractQuickly } from "../quick/contract.ts";
import { op } from "./op.ts";

/** x with its axes in another order, or x itself when that is its order. */
export const arrange: typeof quickly.arrange = op(quickly.arrange);

/** x in another shape, or x itself when it has this one. */
export const shaped: typeof quickly.shaped = op(quickly.shaped);

/** Einstein summation of tensors whose axes have labels. */
export const contract: typeof contractQuickly = op(contractQuickly);
