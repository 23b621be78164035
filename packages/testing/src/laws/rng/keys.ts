/** @file Laws of keys: no two are equal by mistake, nor those of forks and splits. */
import {
  type Filter,
  flattenState,
  formatPath,
  leafValue,
  Param,
  type Path,
  state,
  toPredicate,
} from "@nnxjs/nnx-core";
import { forkRngs, type PRNGKey, restoreRngs, type SplitBackups, splitRngs } from "@nnxjs/rnglib";
import { isTensor } from "../../tensor.ts";
import type { Violation } from "../law.ts";
import { drop, keysIn, otherSeed, type Subject } from "../subject.ts";

/** No two streams have one key, and no two parameters the same random numbers. */
export async function distinctKeys<M extends object>(
  subject: Subject<M>,
  seed: number,
  copies: Filter = false,
): Promise<Violation | undefined> {
  const [model, other] = [subject.model(seed), subject.model(otherSeed(seed))];
  try {
    const isCopy = toPredicate(copies);
    const byKey = new Map<string, string>();
    for (const { path, parts, leaf, tag, value } of keysIn(model)) {
      if (isCopy(parts, leaf)) continue;
      const name = JSON.stringify(value);
      const other = byKey.get(name);
      if (other !== undefined) {
        return {
          law: "No two streams have one key",
          found: `expected ${path} (stream ${tag}) to have a key of its own, got that of ${other}`,
          cause:
            "Usually two parts of a model make streams from one seed: make one Rngs, and pass it to both. Name streams that are meant to be equal in the option copies.",
        };
      }
      byKey.set(name, path);
    }
    const fixed = new Set((await paramsOf(other)).map(({ name }) => name));
    const byValues = new Map<string, string>();
    for (const { path, leaf, name } of await paramsOf(model)) {
      // What another seed gives, too, is no chance.
      if (isCopy(path, leaf) || fixed.has(name)) continue;
      const other = byValues.get(name);
      if (other !== undefined) {
        return {
          law: "No two parameters have the same random numbers",
          found: `expected ${formatPath(path)} to have other values than ${other}, got the same ones`,
          cause:
            "Usually two layers get one key, or streams of one seed: pass the same Rngs to both. Name parameters that are meant to be equal in the option copies.",
        };
      }
      byValues.set(name, formatPath(path));
    }
    return undefined;
  } finally {
    drop(model, other);
  }
}

/** Parameters whose values could not be equal by chance, with these values as text. */
async function paramsOf(model: object): Promise<{ path: Path; leaf: unknown; name: string }[]> {
  const params = state(model, Param);
  try {
    const all = flattenState(params).map(async ([path, leaf]) => {
      const value = leafValue<unknown>(leaf);
      if (!isTensor(value) || value.dtype !== "float32") return [];
      const values = await value.data<"float32">();
      // Four fractions of 23 bits each; signs or whole numbers alone are equal too easily.
      const fractions = new Set(values.filter((each) => !Number.isInteger(each)));
      return fractions.size < 4 ? [] : [{ path, leaf, name: `${value.shape.join()} ${values.join()}` }];
    });
    return (await Promise.all(all)).flat();
  } finally {
    drop(params);
  }
}

/** A fork gives every stream another key, a split several others; both are undone. */
export async function forked<M extends object>(
  subject: Subject<M>,
  seed: number,
): Promise<Violation | undefined> {
  const model = subject.model(seed);
  const split = (): SplitBackups => splitRngs(model, { splits: SPLITS });
  try {
    const known = new Map(keysIn(model).map(({ path, value }) => [path, JSON.stringify(value)]));
    for (const [what, change] of [
      ["fork", () => forkRngs(model)],
      ["split", split],
    ] as const) {
      const backups = change();
      const same = keysIn(model).find(({ path, value }) => {
        const keys = eachOf(value);
        return new Set([...keys, known.get(path)]).size <= keys.length;
      });
      restoreRngs(backups);
      const changed = keysIn(model).find(({ path, value }) => known.get(path) !== JSON.stringify(value));
      if (!same && !changed) continue;
      const { path, tag } = (same ?? changed)!;
      return {
        law: `A ${what} of the streams is independent of them`,
        found: same
          ? `expected ${path} (stream ${tag}) to have another key in the ${what}, got the same one`
          : `expected ${path} (stream ${tag}) to have its key again after the ${what}, got another`,
        cause: "Usually a class of the model keeps a key outside of a stream.",
      };
    }
    return undefined;
  } finally {
    drop(model);
  }
}

/** In how many keys the streams are split. */
const SPLITS = 3;

/** The keys in an array of keys, or the single key, as text. */
const eachOf = (key: PRNGKey): string[] =>
  key.shape.length === 0
    ? [JSON.stringify(key)]
    : Array.from({ length: key.shape[0]! }, (_, i) => JSON.stringify(key.at(i)));
