/**
 * @file Colours of values. Blue and orange stay apart in all common forms of colour blindness; 0 is the
 * colour of the card.
 */

type Rgb = readonly [number, number, number];

const scales = {
  light: { low: [42, 111, 176], zero: [255, 255, 255], high: [207, 95, 40], ink: [16, 52, 98] },
  dark: { low: [99, 178, 240], zero: [27, 31, 37], high: [240, 148, 80], ink: [186, 222, 250] },
} as const satisfies Record<string, Record<string, Rgb>>;

const system = matchMedia("(prefers-color-scheme: dark)");

type Theme = "light" | "dark";

let chosen: Theme | "" = "";
let listener: (() => void) | undefined;
const { dataset } = document.documentElement;

/** Style sheets know the theme by an attribute of the root, the system's as well as a chosen one. */
function apply(): void {
  dataset.theme = chosen || (system.matches ? "dark" : "light");
  listener?.();
}
system.addEventListener("change", apply);
apply();

/** @param theme - the system's when empty */
export function setTheme(theme: Theme | ""): void {
  chosen = theme;
  apply();
}

/** Called after the colours changed. */
export const onTheme = (listen: () => void): void => {
  listener = listen;
};

const theme = (): Theme => dataset.theme as Theme;

const mix = (from: Rgb, to: Rgb, share: number): Rgb => {
  const at = (i: 0 | 1 | 2): number => Math.round(from[i] + (to[i] - from[i]) * share);
  return [at(0), at(1), at(2)];
};

/** Blue below 0, orange above. @param t - in [-1, 1] */
export function diverging(t: number): Rgb {
  const { low, zero, high } = scales[theme()];
  return mix(zero, t < 0 ? low : high, Math.min(1, Math.abs(t)));
}

/** From the colour of the card to ink. @param t - in [0, 1] */
export function sequential(t: number): Rgb {
  const { zero, ink } = scales[theme()];
  return mix(zero, ink, Math.min(1, Math.max(0, t)));
}

export const cssColor = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

/** A custom property of the page, such as `--ink`. */
export const themed = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
