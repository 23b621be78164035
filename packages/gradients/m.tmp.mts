import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { installGradients } from "./src/index.ts";
installGradients();
const sh: [string, number[], number[], number, string][] = [
  ["conv 8x28x28x16->32 3x3", [8, 28, 28, 16], [3, 3, 16, 32], 1, "c"],
  ["conv s2", [8, 28, 28, 16], [3, 3, 16, 32], 2, "c"],
  ["conv 8x28x28x1->16 5x5", [8, 28, 28, 1], [5, 5, 1, 16], 1, "c"],
  ["1x1", [8, 14, 14, 64], [1, 1, 64, 64], 1, "c"],
  ["dw", [8, 28, 28, 32], [3, 3, 32, 1], 1, "d"],
  ["dw s2", [8, 28, 28, 32], [3, 3, 32, 1], 2, "d"],
  ["maxpool", [8, 28, 28, 32], [2, 2], 2, "m"],
  ["avgpool", [8, 28, 28, 32], [2, 2], 2, "a"],
  ["relu", [8, 28, 28, 32], [], 2, "r"],
];
for (const b of process.argv[2]!.split(",")) {
  await tf.setBackend(b);
  for (const [name, xs, ws, s, k] of sh) {
    const x = tf.randomNormal(xs) as tf.Tensor4D,
      w = tf.randomNormal(ws.length ? ws : [1]) as tf.Tensor4D;
    const f = (x: any, w: any) =>
      k === "c"
        ? tf.conv2d(x, w, s, "same")
        : k === "d"
          ? tf.depthwiseConv2d(x, w, s, "same")
          : k === "m"
            ? tf.maxPool(x, 2, 2, "valid")
            : k === "a"
              ? tf.avgPool(x, 2, 2, "valid")
              : tf.relu(x);
    const dy = tf.randomNormal(tf.tidy(() => f(x, w).shape));
    const med = (g: () => void, n: number) => {
      const t: number[] = [];
      for (let i = 0; i < n; i++) {
        const a = performance.now();
        tf.tidy(g);
        t.push(performance.now() - a);
      }
      return t.sort((a, b) => a - b)[n >> 1]!;
    };
    const n = b === "wasm" ? 15 : 3;
    const fwd = med(() => {
      f(x, w);
    }, n);
    const gx = med(() => {
      (tf.grad(((x: any) => f(x, w)) as any) as any)(x, dy);
    }, n);
    const gw =
      ws.length < 4
        ? 0
        : med(() => {
            (tf.grad(((w: any) => f(x, w)) as any) as any)(w, dy);
          }, n);
    const all =
      ws.length < 4
        ? gx
        : med(() => {
            tf.grads(f as any)([x, w], dy);
          }, n);
    console.log(
      b,
      name,
      "fwd",
      fwd.toFixed(2),
      "f+dx",
      (gx / fwd).toFixed(2),
      "f+dw",
      (gw / fwd).toFixed(2),
      "backward/fwd",
      ((all - fwd) / fwd).toFixed(2),
    );
  }
}
process.exit(0);
