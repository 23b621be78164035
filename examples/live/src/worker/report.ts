/** @file The digits model at one moment as a report: one file that needs nothing else. */
import { inspect } from "@nnxjs/inspect";
import * as nnx from "@nnxjs/nnx";
import type { DigitsLesson } from "../models/digits.ts";

export async function reportOf(lesson: DigitsLesson): Promise<string> {
  const { model, captured, input, predictions } = lesson.moment();
  try {
    const report = await inspect(model, { title: "The digits model", captured, input, predictions });
    return await report.toHTML();
  } finally {
    nnx.dispose([model, captured, input]);
  }
}
