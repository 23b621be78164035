/** @file Writes a model as JSON to the given file: its definition, and its values by path. */
import "@tensorflow/tfjs-backend-cpu";
import { writeFileSync } from "node:fs";
import * as nnx from "@nnxjs/nnx";

const { constant, heNormal, orthogonal, truncatedNormal, zeros } = nnx.initializers;
const rngs = new nnx.Rngs(0, { dropout: 1, dropconnect: 2 });
const model = new nnx.Sequential(
  new nnx.Linear(4, 8, { kernelInit: heNormal(), biasInit: constant(0.1), rngs }),
  nnx.gelu,
  new nnx.BatchNorm(8, { rngs }),
  new nnx.DropConnectLinear(new nnx.Linear(8, 8, { kernelInit: orthogonal(), rngs }), 0.25, { rngs }),
  nnx.hardTanh,
  new nnx.LayerNorm(8, { rngs }),
  new nnx.Dropout(0.25, { rngs }),
  new nnx.LoRALinear(8, 3, { loraRank: 2, bInitializer: truncatedNormal(0.5), biasInit: zeros, rngs }),
  nnx.logSoftmax,
);

/** The value of a leaf in a form that JSON can represent. */
function written(value) {
  if (value instanceof nnx.PRNGKey) return { key: [...nnx.random.keyData(value)] };
  return typeof value === "number" ? { number: value } : { shape: value.shape, data: [...value.dataSync()] };
}

const [graphdef, state] = nnx.split(model);
const leaves = nnx.flattenState(state).map(([path, { type, value, metadata }]) => ({
  path,
  type: nnx.variableNameFromType(type),
  value: written(value),
  metadata,
}));
writeFileSync(process.argv[2], JSON.stringify({ graphdef: nnx.graphDefToJson(graphdef), leaves }));
