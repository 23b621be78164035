/** @file Paths as the keys of a file, and back: see "Keys" in FORMAT.md. */
import type { Path, PathPart } from "@nnxjs/nnx-core";

const integer = /^-?(?:0|[1-9]\d*)$/;
const index = /^(?:0|[1-9]\d{0,8})$/;
/** The one path whose plain key the format has taken. */
const taken = "__metadata__";

function textOf(part: string): string {
  if (part === "") return "\\e";
  if (integer.test(part) && part !== "-0") return `\\${part}`;
  return part.replaceAll(/[\\.]/g, "\\$&");
}

const partText = (part: PathPart): string => {
  const text = String(part);
  // What can be an index is one, as everywhere in States.
  return index.test(text) || (typeof part === "number" && integer.test(text)) ? text : textOf(text);
};

/** A path as a key. */
export const keyOf = (path: Path): string => {
  const key = path.map(partText).join(".");
  return path.length === 1 && key === taken ? `\\${taken}` : key;
};

/** Splits at the dots that no backslash stands before. */
function partsOf(key: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < key.length; i++) {
    if (key[i] === "\\") i++;
    else if (key[i] === ".") {
      parts.push(key.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(key.slice(start));
  return parts;
}

/** One part; `undefined` for what no path is written as. */
function partFrom(text: string): PathPart | undefined {
  // Longer ones are no indices of this language: their text is all there is to compare.
  if (index.test(text)) return Number(text);
  if (text === "\\e") return "";
  if (/\\(?![\\._\-\d])/.test(text.replaceAll("\\\\", ""))) return undefined;
  return text.replaceAll(/\\(.)/g, "$1");
}

/** The path that a key is; `undefined` for what {@link keyOf} never writes. */
export function pathOfKey(key: string): Path | undefined {
  if (key === "") return [];
  const path: PathPart[] = [];
  for (const text of partsOf(key)) {
    const part = text === "" ? undefined : partFrom(text);
    if (part === undefined) return undefined;
    path.push(part);
  }
  return path;
}
