/** @file Imports everything. */
import * as nnx from "@nnxjs/nnx";

console.log(nnx);
