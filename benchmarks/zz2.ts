import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { runs } from "./cases/small/ours.ts";
import { runs as mlp } from "./cases/mlp/ours.ts";
tf.enableProdMode();
await tf.setBackend(process.env.B!);
const all=Object.entries({...runs,...mlp}); const [,make]=all[Number(process.env.I)]!; const step=(make as any)().step;
for(let i=0;i<Number(process.env.N);i++) step();
