/** @file TypeScript that reaches a part of a model, or a captured value. */
import type { PartPath } from "../format/report-data.ts";

const identifier = /^[A-Za-z_$][\w$]*$/;

/** `.name`, `["a name"]` or `[3]`. */
export const access = (part: string | number): string =>
  typeof part === "string" && identifier.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;

/** How an item of a Map is read. Its key is a string or a number. */
export const accessInMap = (key: string | number): string => `.get(${JSON.stringify(key)})`;

/** A path as code: `["blocks", 0, "h"]`. */
export const literal = (path: PartPath): string => `[${path.map((part) => JSON.stringify(part)).join(", ")}]`;
