import { flattenState, isVariableState, iterNodes, Param, state } from "@nnxjs/nnx-core";
import { Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { layerTable } from "../../../layers/test/layer-table.ts";
import { reinitialize } from "./reinitialize.ts";

const paramsOf = (model: object): [string, number[]][] =>
  flattenState(state(model, Param)).map(([path, leaf]) => [
    path.join("."),
    isVariableState(leaf) && leaf.value instanceof tf.Tensor ? [...leaf.value.dataSync()] : [],
  ]);

// Their constructors draw from several streams with equal keys, which one stream cannot reproduce.
const severalStreams = ["LoRA", "Bidirectional"];

it.each(layerTable)("$name is drawn again as its constructor drew it", ({ name, make }) => {
  const layer = make();
  const wanted = paramsOf(layer);
  for (const [, node] of iterNodes(layer)) {
    if (node instanceof Param) node.value = tf.fill((node.value as tf.Tensor).shape, 7);
  }
  // The streams from which the table's layers are made.
  reinitialize("test", layer, new Rngs({ params: 0, dropout: 1, dropconnect: 2, carry: 3 }), undefined);
  const found = paramsOf(layer);
  if (severalStreams.includes(name)) {
    expect(found.flatMap(([, values]) => values)).not.toContain(7);
    expect(found.map(([path, values]) => [path, values.length])).toEqual(
      wanted.map(([path, values]) => [path, values.length]),
    );
  } else expect(found).toEqual(wanted);
});
