/** @file A tensor as an image: dark where values are low, light where they are high. */
import type * as tf from "@tensorflow/tfjs-core";

/** The address of an image of a matrix, or of the first matrix in a tensor of more axes. */
export function pictureOf(x: tf.Tensor): string | undefined {
  const [rows, columns] = x.shape.slice(-2);
  if (rows === undefined || columns === undefined || rows * columns < 4 || rows * columns > 65_536) return;
  if (x.dtype === "string" || x.dtype === "complex64") return;
  const values = x.dataSync().slice(0, rows * columns);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (context === null) return;
  const image = context.createImageData(columns, rows);
  values.forEach((value, i) => {
    const level = most > least ? (value - least) / (most - least) : 0.5;
    image.data.set([255 * level, 80 + 150 * level, 160 - 60 * level, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
