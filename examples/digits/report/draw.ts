/** @file Draws images with characters. */
import { type Images, PIXELS } from "../images.ts";

const SHADES = " ░▒▓█";
const SIDE = 8;

/** One image as eight lines, each pixel two characters wide. */
function draw({ pixels }: Images, index: number): string[] {
  const shade = (value: number): string =>
    (SHADES[Math.round(value * (SHADES.length - 1))] as string).repeat(2);
  return Array.from({ length: SIDE }, (_, row) => {
    const start = index * PIXELS + row * SIDE;
    return Array.from(pixels.subarray(start, start + SIDE), shade).join("");
  });
}

/** Several images side by side, a caption under each. */
export function gallery(
  images: Images,
  indices: readonly number[],
  caption: (index: number) => string,
): string {
  const pictures = indices.map((index) => [...draw(images, index), caption(index)]);
  const width = Math.max(2 * SIDE, ...pictures.map((lines) => (lines.at(-1) as string).length));
  const rows = Array.from({ length: SIDE + 1 }, (_, row) =>
    pictures
      .map((lines) => (lines[row] as string).padEnd(width))
      .join("   ")
      .trimEnd(),
  );
  return rows.join("\n");
}
