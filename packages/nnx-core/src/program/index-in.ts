/** @file Where objects stand in lists: of short ones a few comparisons cost less than a Map. */

const few = 64;

/** Finds the last position of an object in a list; -1 where there is none. */
export function lastIndexIn(list: readonly object[]): (object: object) => number {
  if (list.length <= few) return (object) => list.lastIndexOf(object);
  const last = new Map(list.map((each, i) => [each, i]));
  return (object) => last.get(object) ?? -1;
}

/** Pairs of positions with one object. */
export function aliasesIn(list: readonly unknown[]): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  if (list.length <= few) {
    for (let i = 1; i < list.length; i++) {
      if (typeof list[i] !== "object") continue;
      const known = list.indexOf(list[i]);
      if (known < i) found.push([known, i]);
    }
    return found;
  }
  const first = new Map<unknown, number>();
  list.forEach((item, i) => {
    if (typeof item !== "object") return;
    const known = first.get(item);
    if (known === undefined) first.set(item, i);
    else found.push([known, i]);
  });
  return found;
}
