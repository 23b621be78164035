/** @file Draws uncertainty over the plane, with characters and as SVG. */
import type { Grid, Moons } from "./data.ts";

const SHADES = " ·:-=+*#%@";

/**
 * Lines of characters, which are denser where a value is nearer to `most`. `o` and `x` are the
 * points of the two classes.
 */
export function mapOf(grid: Grid, values: ArrayLike<number>, most: number, moons: Moons): string[] {
  const cells = Array.from({ length: grid.count }, (_, i) => {
    const share = Math.min(1, (values[i] as number) / most);
    return SHADES[Math.round(share * (SHADES.length - 1))] as string;
  });
  for (let i = 0; i < moons.count; i++) {
    const [x, y] = [moons.xy[2 * i] as number, moons.xy[2 * i + 1] as number];
    const column = Math.floor(((x - grid.xMin) / (grid.xMax - grid.xMin)) * grid.columns);
    const row = Math.floor(((grid.yMax - y) / (grid.yMax - grid.yMin)) * grid.rows);
    const cell = row * grid.columns + column;
    if (cells[cell] === " ") cells[cell] = moons.labels[i] === 0 ? "o" : "x";
  }
  return Array.from({ length: grid.rows }, (_, row) =>
    cells.slice(row * grid.columns, (row + 1) * grid.columns).join(""),
  );
}

/** Puts blocks of lines next to each other, under their titles. */
export function beside(
  blocks: readonly { readonly title: string; readonly lines: readonly string[] }[],
): string {
  const widths = blocks.map(({ title, lines }) =>
    Math.max(title.length, ...lines.map((line) => line.length)),
  );
  const height = Math.max(...blocks.map(({ lines }) => lines.length));
  const line = (of: (block: (typeof blocks)[number]) => string): string =>
    blocks
      .map((block, i) => of(block).padEnd(widths[i] as number))
      .join("  ")
      .trimEnd();
  const rows = Array.from({ length: height }, (_, row) => line(({ lines }) => lines[row] ?? ""));
  return [line(({ title }) => title), ...rows].join("\n");
}

/** One picture of the SVG. */
export interface Panel {
  readonly title: string;
  readonly values: ArrayLike<number>;
}

const LEVELS = 24;
const [WIDTH, HEIGHT, GAP, HEAD] = [280, 240, 12, 22];

/** From white (0) over yellow and red to black (1). */
function colorOf(share: number): string {
  const channel = (from: number): number =>
    Math.round(255 * Math.min(1, Math.max(0, 1 - (share * 3 - from))));
  return `rgb(${channel(2)},${channel(1)},${channel(0)})`;
}

/** Merges equal neighbours in a row into one rectangle. */
function rectangles({ columns, rows }: Grid, values: ArrayLike<number>, most: number): string {
  const [w, h] = [WIDTH / columns, HEIGHT / rows];
  const level = (cell: number): number => Math.round(Math.min(1, (values[cell] as number) / most) * LEVELS);
  const parts: string[] = [];
  for (let row = 0; row < rows; row++) {
    for (let from = 0, to = 0; from < columns; from = to) {
      const here = level(row * columns + from);
      while (to < columns && level(row * columns + to) === here) to++;
      if (here === 0) continue;
      const [x, y] = [(from * w).toFixed(1), (row * h).toFixed(1)];
      parts.push(
        `<rect x="${x}" y="${y}" width="${((to - from) * w + 0.3).toFixed(1)}" height="${(h + 0.3).toFixed(1)}" fill="${colorOf(here / LEVELS)}"/>`,
      );
    }
  }
  return parts.join("");
}

function dots(grid: Grid, moons: Moons): string {
  return Array.from({ length: moons.count }, (_, i) => {
    const x = (((moons.xy[2 * i] as number) - grid.xMin) / (grid.xMax - grid.xMin)) * WIDTH;
    const y = ((grid.yMax - (moons.xy[2 * i + 1] as number)) / (grid.yMax - grid.yMin)) * HEIGHT;
    const fill = moons.labels[i] === 0 ? "#1f77b4" : "#2ca02c";
    return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="1.2" fill="${fill}"/>`;
  }).join("");
}

/** Draws rows of pictures with the same scale: white is 0, black is `most`. */
export function svgOf(grid: Grid, moons: Moons, rows: readonly (readonly Panel[])[], most: number): string {
  const points = dots(grid, moons);
  const panels = rows.flatMap((row, r) =>
    row.map(({ title, values }, c) => {
      const [x, y] = [GAP + c * (WIDTH + GAP), HEAD + r * (HEIGHT + HEAD + GAP)];
      const frame = `<rect width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#888"/>`;
      const text = `<text x="0" y="-6" font-family="sans-serif" font-size="12">${title}</text>`;
      return `<g transform="translate(${x},${y})">${text}${rectangles(grid, values, most)}${points}${frame}</g>`;
    }),
  );
  const width = GAP + Math.max(...rows.map((row) => row.length)) * (WIDTH + GAP);
  const height = rows.length * (HEIGHT + HEAD + GAP);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" style="background:#fff">\n${panels.join("\n")}\n</svg>\n`;
}
