// Whether entries of a package share their classes, and the umbrella those of the packages.
import * as nnx from "@nnxjs/nnx";
import { Linear } from "@nnxjs/layers";
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import { PRNGKey } from "@nnxjs/rnglib/keys";

let refusal;
try {
  checkTensor("here", "x", 1);
} catch (error) {
  refusal = error;
}
console.log(
  refusal instanceof NnxError &&
    nnx.Linear === Linear &&
    nnx.random.key(0) instanceof PRNGKey &&
    [nnx.Linear, nnx.Rngs, nnx.sigmoid, nnx.random.normal].map(({ name }) => name).join() ===
      "Linear,Rngs,sigmoid,normal",
);
