/** @file Prints the classes that do not have the names that they are exported by. */
import * as checkpoint from "@nnxjs/checkpoint";
import * as nnx from "@nnxjs/nnx";
import * as core from "@nnxjs/nnx-core";
import * as rnglib from "@nnxjs/rnglib";
import * as testing from "@nnxjs/testing";
import * as training from "@nnxjs/training";
import * as uncertainty from "@nnxjs/uncertainty";

/** Messages show it by the name that it is registered with. */
const shown = "MultiMetric";
const isClass = (value) => typeof value === "function" && /^class\b/.test(value.toString());
const wrong = [checkpoint, core, rnglib, training, uncertainty, testing, nnx].flatMap((names) =>
  Object.entries(names).filter(([name, value]) => isClass(value) && value.name !== name && name !== shown),
);
console.log(wrong.map(([name, value]) => `${name} is called ${value.name}`).join(", "));
