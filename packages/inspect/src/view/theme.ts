/** @file Whether the page is dark. */

let forced: "light" | "dark" | undefined;

/** @param theme - `undefined` follows the system. */
export function setTheme(theme: "light" | "dark" | undefined): void {
  forced = theme;
}

export const isDark = (): boolean =>
  forced === undefined ? matchMedia("(prefers-color-scheme: dark)").matches : forced === "dark";

/** A custom property of CSS, such as `--ink`. */
export const cssValue = (element: Element, name: string): string =>
  getComputedStyle(element).getPropertyValue(name).trim();
