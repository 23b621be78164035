/** @file Which axis each Variable and array of the arguments has: one, wherever it stands. */
import { StructureError } from "../errors.ts";
import type { PathPart } from "../path.ts";
import { Variable } from "../variable/variable.ts";
import { Carry, type MapAxis } from "./axes.ts";
import type { Holder } from "./slots.ts";

const axisText = (axis: MapAxis): string =>
  axis === Carry ? "Carry" : `the axis ${typeof axis === "number" ? axis : "null"}`;

type Claim = readonly [axis: MapAxis, place: () => string];

/** The axis of each Variable, and of each array by owner and key, with its place. */
export class Claims {
  private readonly where: string;
  private readonly variables = new Map<object, Claim>();
  private readonly arrays = new Map<object, Map<PathPart, Claim>>();

  /** @param where - What error messages call the function. */
  constructor(where: string) {
    this.where = where;
  }

  has(owner: object, key?: PathPart): boolean {
    return key === undefined ? this.variables.has(owner) : (this.arrays.get(owner)?.has(key) ?? false);
  }

  /**
   * Notes the axis of a holder.
   * @returns whether it is new.
   * @throws {@link StructureError} when it has another axis elsewhere.
   */
  claim(holder: Holder, axis: MapAxis, place: () => string): boolean {
    const known = this.claimed(holder);
    if (!known) {
      this.note(holder, [axis, place]);
      return true;
    }
    if (known[0] === axis) return false;
    throw new StructureError(
      `${this.where}: expected one axis for each Variable, got ${axisText(known[0])} in ${known[1]()} and ${axisText(axis)} in ${place()}, which are ` +
        "the same Variable. Give both the same axis, or pass a clone.",
    );
  }

  private claimed(holder: Holder): Claim | undefined {
    if (holder instanceof Variable) return this.variables.get(holder);
    return this.arrays.get(holder.owner)?.get(holder.key);
  }

  private note(holder: Holder, claim: Claim): void {
    if (holder instanceof Variable) {
      this.variables.set(holder, claim);
      return;
    }
    const own = this.arrays.get(holder.owner) ?? new Map<PathPart, Claim>();
    this.arrays.set(holder.owner, own.set(holder.key, claim));
  }
}
