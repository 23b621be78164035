import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
await tf.setBackend("wasm"); tf.enableProdMode();
const cpu=()=>{const u=process.cpuUsage();return (u.user+u.system)/1000};
const x=tf.randomNormal([512,128]), w=tf.randomNormal([512,128]);
for (const [n,f] of Object.entries({relu:nnx.relu,tanh:nnx.tanh,gelu:(v:tf.Tensor)=>nnx.gelu(v),silu:nnx.silu,softplus:nnx.softplus,elu:(v:tf.Tensor)=>nnx.elu(v)})) {
  const vg=nnx.valueAndGrad((v:tf.Tensor)=>tf.div(tf.sum(tf.mul(f(v),w)),1000) as tf.Scalar);
  const run=()=>tf.tidy(()=>{vg(x)});
  for(let k=0;k<300;k++)run();
  const t:number[]=[];for(let k=0;k<200;k++){const s=cpu();run();t.push(cpu()-s);} t.sort((a,b)=>a-b);
  console.log(n,t[0].toFixed(3),t[100].toFixed(3));
  if(n==="relu"){ // per kernel
    const seen:Record<string,[number,number]>={};
    const orig=tf.engine().runKernel.bind(tf.engine());
    (tf.engine() as any).runKernel=(a:string,...r:any[])=>{const s=cpu();const o=(orig as any)(a,...r);const e=(seen[a]??=[0,0]);e[0]++;e[1]+=cpu()-s;return o;};
    for(let k=0;k<100;k++)run();
    (tf.engine() as any).runKernel=orig;
    console.log(Object.entries(seen).map(([k,[c,t]])=>`${k} ${c/100}x ${(t/100).toFixed(4)}ms`).join("\n"));
  }
}
