/**
 * @file Keeps a walk over containers that somebody gave us finite: they may contain themselves, or
 * be made up as they are read.
 */
import { StructureError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";

/** Deeper than any model; a Proxy that makes its children up has no end. */
export const mostLevels = 100_000;
export const mostContainers = 1_000_000;
/**
 * How often a walk comes back to containers that it knows: sharing multiplies from level to level.
 */
const mostRepeats = 100_000;

const plain = new Intl.NumberFormat("en-US");

/** What to do about a model whose containers have no end. */
export const graphAdvice =
  "Containers come once for each path; only modules and Variables can be shared, or part of a cycle: put a module in between.";

/** What a walk is inside of, and how much it has seen. */
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
      throw this.refusal(pathOf(), `at most ${plain.format(mostRepeats)} shared subtrees`, "more");
    if (open.size > mostLevels)
      throw this.refusal(pathOf(), `at most ${plain.format(mostLevels)} levels`, "more");
    if (seen.size > mostContainers)
      throw this.refusal(pathOf(), `at most ${plain.format(mostContainers)} subtrees`, "more");
  }

  leave(container: object): void {
    this.open.delete(container);
  }

  private refusal(path: Path, expected: string, got: string): StructureError {
    const shown = path.length > 12 ? `${formatPath(path.slice(0, 12))}...` : formatPath(path);
    return new StructureError(`${this.where} at ${shown}: expected ${expected}, got ${got}. ${this.advice}`);
  }
}
