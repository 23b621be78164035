/**
 * @file Which module was running when something was recorded, or thrown: noted on the only run, for
 * error messages.
 */
import { instrument, sayWhere } from "../recording/running.ts";
import { MissingRuleError } from "../errors.ts";
import { pathOf } from "../data/place.ts";
import type { Frame } from "../graph/frame.ts";
import { formatPath, type Path } from "../path.ts";
import { type TapeNode, tapeEngine } from "../tensor.ts";
import { nodeWithoutRule } from "./tape.ts";

/** From where on a tape ops are those of a module; of none, for what the loss itself does. */
interface Mark {
  readonly tape: readonly TapeNode[];
  readonly start: number;
  readonly module: object | undefined;
}

/** Who ran when, of the modules in some arguments. */
export class CallLog {
  private readonly marks: Mark[] = [];
  private readonly running: object[] = [];
  private readonly frames: readonly Frame[];

  constructor(frames: readonly Frame[]) {
    this.frames = frames;
  }

  /** Runs `f` and notes; what it throws says where, as far as that is known. */
  watch<R>(f: () => R): R {
    if (isDeep(this.frames)) return f();
    const { running } = this;
    const undo = instrument(
      this.frames.map(({ value }) => value),
      {
        enter: (module) => {
          running.push(module);
          this.mark(module);
        },
        leave: () => {
          running.pop();
          this.mark(running.at(-1));
        },
        returned: (_module, _method, result) => result,
      },
    );
    try {
      return f();
    } catch (error) {
      throw this.located(error);
    } finally {
      undo();
    }
  }

  private mark(module: object | undefined): void {
    const { activeTape: tape } = tapeEngine().state;
    if (tape) this.marks.push({ tape, start: tape.length, module });
  }

  private located(error: unknown): unknown {
    const pathTo = (module: object | undefined): Path | undefined => {
      const frame = module && this.frames.find(({ value }) => value === module);
      return frame && pathOf(frame);
    };
    if (!(error instanceof MissingRuleError)) {
      sayWhere(error, pathTo);
      return error;
    }
    const node = nodeWithoutRule(error);
    const path = node && pathTo(this.moduleOf(node));
    return path ? new MissingRuleError(error.op, `, called in ${formatPath(path)}`) : error;
  }

  /** The module that was running when an op was recorded. */
  private moduleOf(node: TapeNode): object | undefined {
    const tapes = new Set(this.marks.map(({ tape }) => tape));
    for (const tape of tapes) {
      const index = tape.indexOf(node);
      if (index < 0) continue;
      return this.marks.filter((mark) => mark.tape === tape && mark.start <= index).at(-1)?.module;
    }
    return undefined;
  }
}

/**
 * From how many levels on methods are left alone: each one's wrapper takes as much of the stack as
 * the method.
 */
const manyLevels = 1000;

/** Whether modules are nested deeper than that. */
function isDeep(frames: readonly Frame[]): boolean {
  if (frames.length < manyLevels) return false;
  const levels = new Map<Frame, number>();
  // Parents come after children.
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i] as Frame;
    const level = frame.parent ? (levels.get(frame.parent) ?? 0) + 1 : 1;
    if (level > manyLevels) return true;
    levels.set(frame, level);
  }
  return false;
}
