/** @file Convolutions and pools. */
import { convolutionKernels } from "../own/convolutions.ts";
import { poolKernels } from "../own/pools.ts";
import { quickConvolutions } from "../own/conv-kernels.ts";
import { quickPools } from "../own/pool-kernels.ts";
import type { Topic } from "./topic.ts";

export const convolutions: Topic = { quick: quickConvolutions, own: convolutionKernels };
export const pools: Topic = { quick: quickPools, own: poolKernels };
