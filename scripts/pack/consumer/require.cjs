/** @file Requires the packages, as CommonJS does. Node from 20.19 on can. */
const nnx = require("@nnxjs/nnx");
const { key } = require("@nnxjs/rnglib/keys");

void import("@nnxjs/nnx").then((imported) => {
  console.log(imported.Linear === nnx.Linear && key(0) instanceof nnx.PRNGKey);
});
