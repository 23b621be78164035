import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import * as nnx from "@nnxjs/nnx";
await tf.setBackend("cpu");
class M extends nnx.Module { dropout: any; l: any; constructor(seed: number) { super(); const rngs = new nnx.Rngs({params: seed, dropout: 1}); this.l = new nnx.Linear(2, 2, { rngs }); this.dropout = new nnx.Dropout(0.5, { rngs }); } forward(x: any) { return this.dropout.forward(this.l.forward(x)); } }
const m = new M(1), n = new M(2); const x = tf.ones([2, 2]);
const f = nnx.jit((m: any, x: any) => m.forward(x)) as any;
for (const each of [m, n, m, n]) { nnx.clone(each).forward(x).print(); 
f(each, x).print(); }
console.log(f.programs);
console.log(nnx.printProgram((m: any, x: any) => m.forward(x))(m, x));
