/**
 * @file Colours of cells. Blue and orange stay apart in all common forms of colour blindness; the
 * middle of the scale is the page's background, so that what is near 0 recedes.
 */
import { isDark } from "./theme.ts";

type Anchors = readonly string[];

const DIVERGING: Readonly<Record<"light" | "dark", Anchors>> = {
  light: ["#08306b", "#2a6fb0", "#92c1e2", "#f3f1ec", "#f3b183", "#cf5f28", "#6f1d05"],
  dark: ["#b5e0ff", "#4aa0e0", "#1f5288", "#20242b", "#83421a", "#de7c36", "#ffd0a3"],
};
const SEQUENTIAL: Readonly<Record<"light" | "dark", Anchors>> = {
  light: ["#f3f1ec", "#b9cfe3", "#5b93c4", "#22588f", "#0b1f3f"],
  dark: ["#20242b", "#224a75", "#3f86c2", "#93c9f2", "#f2f9ff"],
};
/** What is not finite: a colour of neither scale. */
const NOT_FINITE = "#e0129b";

const channels = (hex: string): readonly [number, number, number] => [
  Number.parseInt(hex.slice(1, 3), 16),
  Number.parseInt(hex.slice(3, 5), 16),
  Number.parseInt(hex.slice(5, 7), 16),
];

/** A colour as ImageData has it, on machines that write the lowest byte first. */
const packed = ([r, g, b]: readonly [number, number, number]): number =>
  ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** The colour at `t` from 0 to 1. */
function between(anchors: Anchors, t: number): readonly [number, number, number] {
  const at = Math.min(anchors.length - 1.0001, Math.max(0, t) * (anchors.length - 1));
  const [from, to] = [
    channels(anchors[Math.floor(at)] as string),
    channels(anchors[Math.floor(at) + 1] as string),
  ];
  const share = at - Math.floor(at);
  const mix = (i: 0 | 1 | 2): number => Math.round(from[i] + (to[i] - from[i]) * share);
  return [mix(0), mix(1), mix(2)];
}

export type Scale = "diverging" | "sequential";

const tables = new Map<string, Uint32Array>();

/** The colour of each cell, by `cell + 128`. */
export function colorTable(scale: Scale): Uint32Array {
  const theme = isDark() ? "dark" : "light";
  const name = `${scale} ${theme}`;
  const known = tables.get(name);
  if (known) return known;
  const anchors = scale === "diverging" ? DIVERGING[theme] : SEQUENTIAL[theme];
  const table = Uint32Array.from({ length: 256 }, (_, i) => {
    if (i === 0) return packed(channels(NOT_FINITE));
    const cell = i - 128;
    return packed(between(anchors, scale === "diverging" ? (cell + 127) / 254 : Math.max(0, cell) / 127));
  });
  tables.set(name, table);
  return table;
}

/** Whether text on a cell has to be light. */
export function isDarkCell(scale: Scale, cell: number): boolean {
  const color = colorTable(scale)[cell + 128] as number;
  const [r, g, b] = [color & 255, (color >> 8) & 255, (color >> 16) & 255];
  return 0.3 * r + 0.59 * g + 0.11 * b < 140;
}

/** The scale as a background of CSS. */
export function gradientOf(scale: Scale): string {
  const anchors = (scale === "diverging" ? DIVERGING : SEQUENTIAL)[isDark() ? "dark" : "light"];
  return `linear-gradient(90deg, ${anchors.join(", ")})`;
}
