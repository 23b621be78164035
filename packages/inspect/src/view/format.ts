/** @file Numbers, shapes and paths as text. */
import type { PartPath } from "../format/report-data.ts";

/** Three digits that say something, short. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(2).replace("e+", "e");
  return Number(value.toPrecision(3)).toString();
}

const UNITS = ["", "k", "M", "G", "T"] as const;

/** 12.3 k, 10.2 M */
export function short(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit === 0 ? String(value) : Number(value.toPrecision(3)).toString();
  return unit === 0 ? text : `${text} ${UNITS[unit]}`;
}

/** 260 B, 10.2 MB */
export const bytesText = (bytes: number): string => `${short(bytes)}${bytes < 1000 ? " " : ""}B`;
export const shapeText = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
export const pathText = (path: PartPath): string => path.join(".") || "(root)";
export const percent = (share: number): string => `${figure(100 * share)} %`;
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
