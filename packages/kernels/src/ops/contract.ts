/** @file Contractions and their parts, on mended kernels. */
import * as quickly from "../quick/arrange.ts";
import { contract as contractQuickly } from "../quick/contract.ts";
import { op } from "./op.ts";

/** Permutes the axes of x. Returns x itself when the order is unchanged. */
export const arrange: typeof quickly.arrange = op(quickly.arrange);

/** Reshapes x. Returns x itself when it has the shape already. */
export const shaped: typeof quickly.shaped = op(quickly.shaped);

/** Einstein summation of tensors with labelled axes. */
export const contract: typeof contractQuickly = op(contractQuickly);
