/** @file The products of tensorflow.js, with nnxjs's kernels. */
import { installGradients } from "@nnxjs/nnx";
import type { Runs } from "../../peers/run.ts";
import { runs as stock } from "./tfjs.ts";

export const runs: Runs = Object.fromEntries(
  Object.entries(stock).map(([name, make]) => [
    name,
    () => {
      installGradients(); // and the kernels with them
      return make();
    },
  ]),
);
