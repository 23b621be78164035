/** @file Writing to one name in turn: what a save removes, another one may have just written. */
import { placeOf, type StorageFile } from "./storage.ts";

/** The last thing under way at each place. */
const last = new Map<string, Promise<unknown>>();

/** Does the work when all that was asked for before at this place is done, well or not. */
export async function inTurn<T>(target: StorageFile, work: () => Promise<T>): Promise<T> {
  const { folder, file } = target;
  const place = folder.id === undefined ? placeOf(target) : `${folder.id}/${file}`;
  const result = (last.get(place) ?? Promise.resolve()).then(work, work);
  last.set(place, result);
  try {
    return await result;
  } finally {
    if (last.get(place) === result) last.delete(place);
  }
}
