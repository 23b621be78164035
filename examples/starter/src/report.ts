/** A report as elements of the page: the losses, the activations, and where the model is unsure. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import type { Result } from "./train.ts";

const SIZE = 48;

function element(name: string, text = ""): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** The points of a square around the circle, row by row. */
function grid(): tf.Tensor2D {
  const at = Array.from({ length: SIZE }, (_, i) => (4 * i) / (SIZE - 1) - 2);
  return tf.tensor2d(at.flatMap((y) => at.map((x) => [x, -y])));
}

/** How the passes of the model disagree at each point: bright where it does not know. */
function doubt({ model }: Result): HTMLElement {
  const points = grid();
  const samples = nnx.sample(model, points, 30, { key: nnx.random.key(9), outputs: "logits" });
  const { epistemic } = nnx.entropyDecomposition(samples);
  nnx.dispose([points, samples]);
  const numbers = Array.from(epistemic);
  const most = Math.max(...numbers);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  canvas.role = "img";
  canvas.ariaLabel = "A map of the model's doubt: bright along the circle's edge";
  const context = canvas.getContext("2d");
  if (context === null) return element("p", "This browser draws no pictures.");
  const image = context.createImageData(SIZE, SIZE);
  numbers.forEach((value, i) => {
    const level = most > 0 ? (255 * value) / most : 0;
    image.data.set([level, level, 90, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

export function report(result: Result): HTMLElement {
  const whole = element("section");
  const points = grid();
  result.model.eval();
  const [scores, seen] = nnx.capture(result.model, nnx.Intermediate)(points);
  whole.append(
    element("h2", "Losses"),
    element("p", result.losses.map((loss) => loss.toFixed(3)).join(", ")),
    element("h2", "Activations"),
    element("pre", String(nnx.summarize(seen))),
    element("h2", "Where it is unsure"),
    doubt(result),
  );
  nnx.dispose([points, scores, seen]);
  return whole;
}
