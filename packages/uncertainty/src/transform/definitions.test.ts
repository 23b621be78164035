import { Conv, Linear, LoRALinear } from "@nnxjs/layers";
import { Rngs } from "@nnxjs/rnglib";
import { expect, it } from "vitest";
import { recorded } from "../../../layers/test/recorded.ts";
import { batchEnsemble } from "../ensemble/batch-ensemble.ts";
import { ensemble } from "../ensemble/ensemble.ts";
import { dropconnect } from "./dropconnect.ts";
import { dropout } from "./dropout.ts";

const linear = (useBias = true) => new Linear(3, 4, { rngs: new Rngs(0), useBias });
const conv = () => new Conv(2, 3, [3, 3], { rngs: new Rngs(0), strides: 2 });
const options = () => ({ rngs: new Rngs(1), skipFirst: false });

it.each<[name: string, make: () => object]>([
  ["dropout", () => dropout(linear(), 0.5, options())],
  ["dropout without bias", () => dropout(linear(false), 0.5, options())],
  ["dropconnect", () => dropconnect(linear(), 0.5, options())],
  ["dropconnect of a convolution", () => dropconnect(conv(), 0.5, { ...options(), conv: true })],
  ["batchEnsemble", () => batchEnsemble(linear(), 2, options())],
  ["batchEnsemble without bias", () => batchEnsemble(linear(false), 2, options())],
  [
    "ensemble",
    () => ensemble(new LoRALinear(3, 4, { loraRank: 2, rngs: new Rngs(0) }), 2, { rngs: new Rngs(1) }),
  ],
])("what %s makes keeps its attributes and its definition", (_name, make) => {
  expect(recorded(make())).toMatchSnapshot();
});
