import * as nnx from "@nnxjs/nnx";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { runs } from "./cases/small/ours.ts";
import { runs as mlp } from "./cases/mlp/ours.ts";
import { measure } from "./measure.ts";
tf.enableProdMode();
for (const b of (process.env.B??"wasm").split(",")) { await tf.setBackend(b);
 const steps = Object.entries({...(process.env.S?runs:{}),...(process.env.M?mlp:{})}).map(([name,make])=>({name,run:(make as any)().step}));
 const r=measure(steps,Number(process.env.N??30));
 console.log(b,r.map(({name,nanoseconds})=>`${name} ${(nanoseconds/1e6).toFixed(2)}ms`).join(", "));
}
