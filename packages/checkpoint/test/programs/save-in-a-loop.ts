/**
 * @file Saves one generation after the other until it is killed: arguments are the file, the first
 * generation, and how many bytes a shard has (0 for one file). Says when it has begun.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { Param, Variable } from "@nnxjs/nnx-core";
import { save } from "../../src/index.ts";
import { file } from "../../src/node/index.ts";

const [path, first, shard] = process.argv.slice(2) as [string, string, string];
tf.enableProdMode();
const options = Number(shard) > 0 ? { maxShardBytes: Number(shard) } : {};

async function run(): Promise<never> {
  for (let generation = Number(first); ; generation++) {
    // Every element says of which generation it is.
    const model = {
      a: new Param(tf.fill([300_000], generation)),
      b: new Param(tf.fill([200_000], generation)),
      generation: new Variable(generation),
    };
    await save(model, file(path), options);
    if (generation === Number(first)) process.stdout.write("begun\n");
    tf.dispose([model.a.value, model.b.value]);
  }
}

void run();
