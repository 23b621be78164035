/** @file `where` with broadcasting, and the masks of Dropout. */
import { maskKernels } from "../own/masks.ts";
import { selectKernels } from "../own/select.ts";
import type { Topic } from "./topic.ts";

export const choices: Topic = { own: selectKernels };
export const masks: Topic = { own: maskKernels };
