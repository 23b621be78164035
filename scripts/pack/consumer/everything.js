/** @file All that there is. */
import * as nnx from "@nnxjs/nnx";

console.log(nnx);
