/** @file Sends a State to a worker of Node, which makes it again and answers with what it holds. */
import "@tensorflow/tfjs-backend-cpu";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import * as nnx from "@nnxjs/nnx";

const make = () => new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.once("message", (answer) => {
    console.log(JSON.stringify(answer));
    void worker.terminate();
  });
  const { message, transfer } = await nnx.toTransferable(nnx.state(make()));
  worker.postMessage(message, transfer);
} else {
  parentPort.once("message", (message) => {
    const { kernel } = nnx.fromTransferable(message);
    const values = nnx.leafValue(kernel);
    const own = make().kernel.value;
    const same = values.dataSync().every((value, i) => value === own.dataSync()[i]);
    parentPort.postMessage({ sent: values.shape, same });
  });
}
