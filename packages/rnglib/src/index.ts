export { drop, type DropOptions } from "./fused/drop.ts";
export * as initializers from "./initializers/index.ts";
export type { Initializer, KeylessInitializer } from "./initializers/initializer.ts";
export { PRNGKey } from "./keys/index.ts";
export * as random from "./random/index.ts";
export { KeySource } from "./streams/key-source.ts";
export { RngStream, type Seed } from "./streams/rng-stream.ts";
export { RngCount, RngKey, RngState } from "./streams/rng-variables.ts";
export { Rngs, type StreamSource } from "./streams/rngs.ts";
