/** @file Trains the digits model. */
import csv from "../../../digits/data/digits.csv?raw";
import { digitsFrom } from "../../../digits/images.ts";
import { DigitsLesson } from "../models/digits.ts";
import { startBackend } from "./backend.ts";
import type { DigitsCommand, DigitsNews } from "./messages.ts";
import { reportOf } from "./report.ts";
import { hear, tell } from "./serve.ts";
import { Trainer } from "./trainer.ts";

hear<DigitsCommand>(async () => {
  tell({ kind: "ready", backend: await startBackend() });
  const lesson = new DigitsLesson(digitsFrom(csv));
  const trainer = new Trainer(lesson, tell);
  const answer = (pixels: Float32Array): void =>
    tell({ kind: "answer", answer: lesson.ask(pixels) } satisfies DigitsNews);
  trainer.look();
  return async (command) => {
    switch (command.kind) {
      case "draw":
        return answer(command.pixels);
      case "image":
        return answer(lesson.image(command.of, command.index));
      case "dropRate":
        lesson.setDropRate(command.rate);
        return trainer.look();
      case "report":
        return tell({ kind: "report", html: await reportOf(lesson) } satisfies DigitsNews);
      default:
        return trainer.obey(command);
    }
  };
});
