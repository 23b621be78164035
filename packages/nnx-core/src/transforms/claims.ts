/** @file Which axis each Variable and array of the arguments has: one, wherever it stands. */
import { StructureError } from "../errors.ts";
import type { PathPart } from "../path.ts";
import { Variable } from "../variable/variable.ts";
import { Carry, type MapAxis } from "./axes.ts";
import type { Holder } from "./slots.ts";

const axisText = (axis: MapAxis): string =>
  axis === Carry ? "Carry" : `the axis ${typeof axis === "number" ? axis : "null"}`;

/** The axis of each Variable, and of each array by owner and key, with its place. */
export class Claims {
  private readonly where: string;
  private readonly all = new Map<
    object,
    Map<PathPart | undefined, readonly [axis: MapAxis, place: () => string]>
  >();

  /** @param where - What error messages call the function. */
  constructor(where: string) {
    this.where = where;
  }

  has(owner: object, key?: PathPart): boolean {
    return this.all.get(owner)?.has(key) ?? false;
  }

  /**
   * Notes the axis of a holder.
   * @returns whether it is new.
   * @throws {@link StructureError} when it has another axis elsewhere.
   */
  claim(holder: Holder, axis: MapAxis, place: () => string): boolean {
    const [owner, key] = holder instanceof Variable ? [holder, undefined] : [holder.owner, holder.key];
    const own = this.all.get(owner) ?? new Map();
    this.all.set(owner, own);
    const known = own.get(key);
    if (!known) {
      own.set(key, [axis, place]);
      return true;
    }
    if (known[0] === axis) return false;
    throw new StructureError(
      `${this.where}: expected one axis for each Variable, got ${axisText(known[0])} in ${known[1]()} and ${axisText(axis)} in ${place()}, which are ` +
        "the same Variable. Give both the same axis, or pass a clone.",
    );
  }
}
