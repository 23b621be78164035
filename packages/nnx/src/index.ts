// The one import most people write. It lists packages rather than their names again; the two functions that look names up are its own,
// for what they must know is in packages that nnx-core cannot import.
export * from "@nnxjs/gradients";
export * from "@nnxjs/layers";
export * from "@nnxjs/nnx-core";
export * from "@nnxjs/rnglib";
export * from "@nnxjs/training";
export * from "@nnxjs/uncertainty";
export { graphDefFromJson, variableTypeFromName } from "./by-name.ts";
