/**
 * @file Limits for walks over containers that users pass. Such containers may contain themselves,
 * or create children as they are read, so that a walk would not end.
 */
import { StructureError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";

/** Deeper than any model. It stops walks over a Proxy that creates children without end. */
export const mostLevels = 100_000;
export const mostContainers = 1_000_000;
/**
 * How often a walk may enter containers that it entered before. Without this limit, containers that
 * share children on many levels would multiply the work on each level.
 */
const mostRepeats = 100_000;

/** Needs a formatter only in errors. To make one when the module is loaded would take milliseconds. */
const plain = (count: number): string => count.toLocaleString("en-US");

/** The advice for a model whose containers have no end. */
export const graphAdvice =
  "Containers come once for each path; only modules and Variables can be shared, or part of a cycle: put a module in between.";

/** Tracks the containers that a walk is inside of, and counts those that it has seen. */
export class Bounds {
  private readonly where: string;
  private readonly advice: string;
  private readonly open = new Set<object>();
  private readonly seen = new Set<object>();
  private repeats = 0;

  /** @param where - The function, for errors. @param advice - What to do about a cycle. */
  constructor(where: string, advice = "Pass plain, nested data that ends.") {
    this.where = where;
    this.advice = advice;
  }

  /**
   * @param pathOf - Where the container is, for errors. @throws {@link StructureError} for
   * containers without an end.
   */
  enter(container: object, pathOf: () => Path): void {
    const { open, seen } = this;
    if (open.has(container))
      throw this.refusal(
        pathOf(),
        "containers that do not contain themselves",
        "a cycle of arrays, objects or Maps",
      );
    open.add(container);
    if (!seen.has(container)) seen.add(container);
    else if (this.repeats++ >= mostRepeats)
      throw this.refusal(pathOf(), `at most ${plain(mostRepeats)} shared subtrees`, "more");
    if (open.size > mostLevels) throw this.refusal(pathOf(), `at most ${plain(mostLevels)} levels`, "more");
    if (seen.size > mostContainers)
      throw this.refusal(pathOf(), `at most ${plain(mostContainers)} subtrees`, "more");
  }

  leave(container: object): void {
    this.open.delete(container);
  }

  private refusal(path: Path, expected: string, got: string): StructureError {
    const shown = path.length > 12 ? `${formatPath(path.slice(0, 12))}...` : formatPath(path);
    return new StructureError(`${this.where} at ${shown}: expected ${expected}, got ${got}. ${this.advice}`);
  }
}
