/** @file What the page and a worker tell each other. */
import type { Answer, DigitsSight } from "../models/digits.ts";
import type { TaskName } from "../models/tasks.ts";

/** What every training can be told. */
export type Command =
  | { readonly kind: "play" }
  | { readonly kind: "pause" }
  /** One step, then pause. */
  | { readonly kind: "step" }
  /** Back or forth to the kept moment that is nearest to a step. */
  | { readonly kind: "goTo"; readonly step: number }
  /** Steps per second; Infinity is as fast as it can. */
  | { readonly kind: "speed"; readonly perSecond: number }
  | { readonly kind: "learningRate"; readonly rate: number };

export type DigitsCommand =
  | Command
  | { readonly kind: "dropRate"; readonly rate: number }
  | { readonly kind: "draw"; readonly pixels: Float32Array }
  /** Draws an image that the model does not train on. */
  | { readonly kind: "image"; readonly of: "known" | "unseen"; readonly index: number }
  /** Asks for a report of the moment. */
  | { readonly kind: "report" };

export type SequencesCommand =
  | Command
  | { readonly kind: "task"; readonly task: TaskName }
  | { readonly kind: "ask"; readonly question: readonly number[] };

/** What the worker holds. */
interface Memory {
  readonly tensors: number;
  readonly bytes: number;
}

/** What a training tells of itself. */
export type News<Sight> =
  | { readonly kind: "ready"; readonly backend: string }
  /** Losses of the steps after `from`. */
  | { readonly kind: "losses"; readonly from: number; readonly losses: Float32Array }
  | {
      readonly kind: "sight";
      readonly step: number;
      readonly sight: Sight;
      readonly moments: readonly number[];
      readonly memory: Memory;
    }
  | { readonly kind: "playing"; readonly isPlaying: boolean; readonly step: number }
  /** Training goes on from a step: what came after it is past. */
  | { readonly kind: "branched"; readonly step: number }
  | { readonly kind: "failed"; readonly message: string };

export type DigitsNews =
  | News<DigitsSight>
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "report"; readonly html: string };
