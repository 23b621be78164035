/** @file The files of a folder, without those of installed and built packages. */
import { readdirSync } from "node:fs";

/**
 * `recursive` of readdir would follow the links in node_modules, which lead to each other, for half a
 * minute.
 */
const NOT_OURS = new Set(["node_modules", "dist", ".cache", ".vitepress"]);

/** The paths of all files below a folder, each beginning with it, sorted. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.has(name))
    .flatMap((each) => {
      const path = `${folder}/${each.name}`;
      return each.isDirectory() ? filesBelow(path) : [path];
    })
    .sort();
