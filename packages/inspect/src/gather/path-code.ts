/** @file A path as code, where nothing is known of what it leads through. */
import type { PartPath } from "../format/report-data.ts";
import { access } from "./code.ts";

export const pathCode = (name: string, path: PartPath): string => name + path.map(access).join("");
