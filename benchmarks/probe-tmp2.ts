import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import * as nnx from "@nnxjs/nnx";
await tf.setBackend("cpu");
const layer = new nnx.Linear(3, 4, { rngs: new nnx.Rngs(0)});
const x = tf.ones([2, 3]);
const f = nnx.jit((m: any, x: any) => { 
  const grads = nnx.grad((m: any) => tf.mean(m.forward(x)))(m);
  const params = nnx.state(m, nnx.Param);
  nnx.update(m, nnx.mapValues((p: any, g: any) => tf.sub(p, tf.mul(g, 0.01)), params, grads));
  nnx.dispose([grads, params]);
  return 1; }) as any;
for (let i = 0; i < 3; i++) { console.log(tf.memory().numTensors); tf.tidy(() => f(layer, x)); }
console.log("outside");
for (let i = 0; i < 5; i++) { console.log(tf.memory().numTensors, layer.kernel.value.kept, layer.kernel.value.scopeId); f(layer, x); }
console.log(f.programs);
