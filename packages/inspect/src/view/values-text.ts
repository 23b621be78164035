/** @file The values of a picture as an array of JavaScript. */
import type { Picture } from "../format/report-data.ts";
import { cellValue } from "./heat-map.ts";

const DIGITS = 3;

const numberText = (value: number, isExact: boolean): string =>
  Number.isFinite(value) ? String(isExact ? value : Number(value.toPrecision(DIGITS))) : "NaN";

/** Nested arrays; what the picture left out is said in a comment in front. */
export function valuesText(picture: Picture, shape: readonly number[]): string {
  const { exact } = picture;
  const axes = exact ? [picture.rows, ...shape.slice(1)] : picture.shape;
  const read = (at: number): string =>
    numberText(exact ? (exact[at] as number) : cellValue(picture, at), exact !== undefined);
  let at = 0;
  const text = (axis: number): string => {
    if (axis >= axes.length) return read(at++);
    return `[${Array.from({ length: axes[axis] as number }, () => text(axis + 1)).join(", ")}]`;
  };
  const isWhole =
    picture.block.every((block) => block === 1) && (shape.length === 0 || picture.rows === shape[0]);
  const notes = [
    ...(isWhole ? [] : [`of the shape [${shape.join(", ")}] these are [${axes.join(", ")}]`]),
    ...(exact ? [] : ["rounded to 8 bits"]),
  ];
  return (notes.length > 0 ? `/* ${notes.join("; ")} */ ` : "") + (shape.length === 0 ? read(0) : text(0));
}
