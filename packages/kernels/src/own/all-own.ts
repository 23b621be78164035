/** @file Own kernels of the files in this folder, in one table. */
import type { KernelConfig } from "@tensorflow/tfjs-core";
import { denseKernels } from "./dense.ts";
import { rowKernels } from "./rows.ts";
import { selectKernels } from "./select.ts";

/** The kernels to register on cpu and wasm. */
export const gathered: readonly KernelConfig[] = [...selectKernels, ...rowKernels, ...denseKernels];
