/** @file `where` with broadcasting, and the masks of Dropout. */
import { maskKernels } from "../own/masks.ts";
import { selectKernels } from "../own/select.ts";
import { leaveOutZeros } from "../wasm/product-blocks.ts";
import { zeros } from "../wasm/zeros.ts";
import type { Topic } from "./topic.ts";

export const choices: Topic = { own: selectKernels };
export const masks: Topic = { own: maskKernels, also: () => leaveOutZeros(zeros) };
