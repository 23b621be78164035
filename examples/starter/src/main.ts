import "@tensorflow/tfjs-backend-cpu";
import { report } from "./report.ts";
import { train } from "./train.ts";

const result = await train(20);
document.querySelector("#report")?.append(report(result));
const status = document.querySelector("#status");
if (status) status.textContent = `Trained: ${(100 * result.accuracy).toFixed(1)} % of the points are right.`;
