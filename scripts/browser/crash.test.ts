import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { allCases } from "../../packages/gradients/cases/all-cases.ts";
import { golden, secondVjp, tensorOf, vjp } from "../../packages/gradients/cases/golden.ts";
import { installGradients } from "../../packages/gradients/src/install.ts";
it("crashes", async () => {
  const stock = tf.getKernelsForBackend("webgpu");
  installGradients();
  const swapped: string[] = [];
  const { device } = tf.backend() as unknown as { device: { lost: Promise<{ message: string; reason: string }> } };
  let lost = "";
  void device.lost.then((info) => { lost = `${info.reason} ${info.message}`; console.log(`CRASH lost: ${lost}`); });
  const names = Object.keys(allCases).filter((n) => /broadcastTo|epthwise/.test(n));
  console.log(`CRASH programs ${names.join(", ")}`);
  for (const name of names) {
    for (const config of stock) {
      const now = tf.getKernel(config.kernelName, "webgpu");
      if (now?.kernelFunc !== config.kernelFunc) { tf.unregisterKernel(config.kernelName, "webgpu"); tf.registerKernel(config); swapped.push(config.kernelName); }
    }
    const { f, order = 2 } = allCases[name]!;
    const numbers = golden.get(name)!;
    const xs = numbers.inputs.map((x) => tensorOf(x));
    const ints = numbers.ints.map((x) => tensorOf(x, "int32"));
    const program = (...args: tf.Tensor[]) => f(...args, ...ints);
    const dy = tensorOf(numbers.dy);
    const directions = numbers.directions?.map((x) => tensorOf(x)) ?? [];
    for (const [what, run] of [["first", () => vjp(program, xs, dy)], ["second", () => (numbers.second && order === 2 ? secondVjp(program, xs, dy, directions) : [])]] as const) {
      let said = "ok";
      try {
        const out = run() as tf.Tensor[];
        for (const o of out) await Promise.race([o.data(), new Promise((_, no) => setTimeout(() => no(new Error("no answer")), 20000))]);
      } catch (e) { said = String(e).slice(0, 160); }
      console.log(`CRASH ${name} ${what}: ${said} ${lost}`);
      if (lost) return;
    }
  }
  console.log(`CRASH swapped ${[...new Set(swapped)].length} kernels; programs tried ${names.length}`);
}, 600000);
