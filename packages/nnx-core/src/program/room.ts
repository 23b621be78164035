/** @file Places in one piece of memory, for values of which not all are needed at the same time. */

/** Each piece begins at a cache line; one more keeps them from beginning at one place of the cache. */
const roomFor = (bytes: number): number => Math.ceil(bytes / 64) * 64 + 64;

/** Gives out places in one piece of memory. */
export class Room {
  bytes = 0;
  private taken: { readonly at: number; readonly end: number; readonly last: number }[] = [];

  /** A place that is in use from one node to another. */
  take(bytes: number, first: number, last: number): number {
    this.taken = this.taken.filter((piece) => piece.last >= first);
    let at = 0;
    let index = 0;
    for (const piece of this.taken) {
      if (piece.at - at >= roomFor(bytes)) break;
      at = piece.end;
      index++;
    }
    const end = at + roomFor(bytes);
    this.taken.splice(index, 0, { at, end, last });
    this.bytes = Math.max(this.bytes, end);
    return at;
  }
}
