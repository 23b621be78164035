/** @file Softmax, cross entropies, normalisations, and rows of a table. */
import { normKernels } from "../own/normalize.ts";
import { rowKernels } from "../own/rows.ts";
import { entropyKernels, softmaxes, softmaxKernels } from "../own/softmax.ts";
import type { Topic } from "./topic.ts";

export const softmax: Topic = { quick: softmaxes, own: softmaxKernels };
export const entropies: Topic = { own: entropyKernels };
export const normalisations: Topic = { own: normKernels };
export const rows: Topic = { own: rowKernels };
