/** @file Uses one layer and nothing else. */
import { Linear, Rngs } from "@nnxjs/nnx";

console.log(new Linear(4, 3, { rngs: new Rngs(0) }));
