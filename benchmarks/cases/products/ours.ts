/** @file The products of tensorflow.js, with nnxjs's kernels. */
import { installGradients } from "@nnxjs/nnx";
import { runs as stock } from "./tfjs.ts";

installGradients();
export const runs = stock;
