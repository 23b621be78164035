// The one import most people write. It has no names of its own, so it lists packages rather than their names again.
export * from "@nnxjs/gradients";
export * from "@nnxjs/layers";
export * from "@nnxjs/nnx-core";
export * from "@nnxjs/rnglib";
export * from "@nnxjs/training";
export * from "@nnxjs/uncertainty";
