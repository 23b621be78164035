/** @file The containers that a walk of a graph is inside of: they may neither contain themselves nor multiply without an end. */
import { StructureError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { mostContainers } from "../state/bounds.ts";

// Containers have no identity: what is shared is entered at each path, and two of them in each of many levels have no end.

/** Tells apart what is shared, which comes once for each path, and what never ends. */
export class OpenContainers {
  private readonly where: string;
  private readonly open = new Set<object>();
  private entered = 0;

  /** @param where - The function, for errors. */
  constructor(where: string) {
    this.where = where;
  }

  /** @param pathOf - Where the container is, for errors. */
  enter(container: object, pathOf: () => Path): void {
    if (this.open.has(container)) {
      throw new StructureError(
        `${this.where} at ${formatPath(pathOf())}: expected containers that do not contain themselves, got a cycle of arrays, objects or ` +
          "Maps. Only modules and Variables can be part of a cycle: put a module in between.",
      );
    }
    this.open.add(container);
    if (this.entered++ < mostContainers) return;
    throw new StructureError(
      `${this.where} at ${formatPath(pathOf())}: expected at most ${mostContainers} arrays, objects and Maps, got more. ` +
        "Containers come once for each path: share modules instead.",
    );
  }

  leave(container: object): void {
    this.open.delete(container);
  }
}
