/** @file Uses keys and bits, which need no tensorflow.js. */
import { bits, key, split } from "@nnxjs/rnglib/keys";

console.log(JSON.stringify([...split(key(0), 2)].map((each) => [...bits(each, [2])])));
