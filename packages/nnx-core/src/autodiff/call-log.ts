/** @file Which module was running when something was recorded, or thrown: noted on the only run, for error messages. */
import { instrument } from "../capture/instrument.ts";
import { noteThrower } from "../capture/session.ts";
import { sayWhere } from "../capture/run.ts";
import { MissingRuleError } from "../errors.ts";
import { type Frame, pathOf } from "../graph/frame.ts";
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
    const undo = instrument(
      this.frames.map(({ value }) => value),
      (module, _, call) => this.whileRunning(module, call),
    );
    try {
      return f();
    } catch (error) {
      throw this.located(error);
    } finally {
      undo();
    }
  }

  private whileRunning(module: object, call: () => unknown): unknown {
    this.running.push(module);
    this.mark(module);
    try {
      return call();
    } catch (error) {
      noteThrower(error, module);
      throw error;
    } finally {
      this.running.pop();
      this.mark(this.running.at(-1));
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
