/**
 * @file Checks options objects at run time, since TypeScript cannot see a misspelt name in plain
 * JavaScript.
 */
import { describe, NnxError } from "../errors.ts";
import { isPlainObject } from "./plain-object.ts";

/**
 * Every name that an options object may have. The type requires each name and allows no other.
 */
export type OptionNames<O extends object> = { readonly [K in keyof Required<O>]: true };

/**
 * Refuses values that are not options objects, and unknown option names. Call it before reading an
 * option.
 * @param where - The function or class, as users call it.
 * @param options - What was given; nothing at all is fine.
 * @param names - The names that are known.
 * @throws NnxError that names the nearest known name.
 */
export function checkOptions<O extends object>(
  where: string,
  options: O | null | undefined,
  names: OptionNames<O>,
): void {
  if (options === undefined) return;
  if (!isPlainObject(options)) {
    throw new NnxError(
      `${where}: expected an options object, got ${describe(options)}. Pass options by name: { ${known(names).join(", ")} }.`,
    );
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    const near = nearestName(name, known(names));
    throw new NnxError(
      `${where}: expected options among {${known(names).join(", ")}}, got ${JSON.stringify(name)}. ` +
        (near === undefined ? "Leave it out." : `Did you mean ${near}?`),
    );
  }
}

const known = (names: object): string[] => Object.keys(names);

/**
 * The name that the user probably meant. Case and underscores are ignored. At most a third of the
 * letters may differ, but one letter always may.
 */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const plain = (text: string): string => text.replaceAll("_", "").toLowerCase();
  const distances = names.map((candidate) => editDistance(plain(name), plain(candidate)));
  const least = Math.min(...distances);
  return least <= Math.max(1, Math.floor(name.length / 3)) ? names[distances.indexOf(least)] : undefined;
}

/**
 * The number of letters to insert, delete, replace, or swap with a neighbour.
 * @see Damerau 1964 (optimal string alignment)
 */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(row, j - 1) + 1,
        at(rows[i - 1], j) + 1,
        at(rows[i - 1], j - 1) + (same ? 0 : 1),
        swapped ? at(rows[i - 2], j - 2) + 1 : Infinity,
      );
    }
    rows.push(row);
  }
  return at(rows[a.length], b.length);
}

const at = (row: readonly number[] | undefined, j: number): number => row?.[j] ?? Infinity;
