/**
 * @file The one check of options objects at run time. TypeScript cannot see a misspelt name in
 * plain JavaScript.
 */
import { describe, NnxError } from "../errors.ts";
import { isPlainObject } from "./plain-object.ts";

/**
 * Every name that an options object may have. The type keeps the list complete and free of others.
 */
export type OptionNames<O extends object> = { readonly [K in keyof Required<O>]: true };

/**
 * Refuses what is no options object, and names that the options do not have. Call it before an
 * option is read.
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
 * The name that was probably meant: the same but for case and underscores, or a third of the
 * letters apart at most.
 */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const plain = (text: string): string => text.replaceAll("_", "").toLowerCase();
  const distances = names.map((candidate) => editDistance(plain(name), plain(candidate)));
  const least = Math.min(...distances);
  return least <= Math.max(1, Math.floor(name.length / 3)) ? names[distances.indexOf(least)] : undefined;
}

/**
 * Letters to insert, delete, replace, or swap with a neighbour.
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
