/** @file Trains the decoder. */
import { SequencesLesson } from "../models/sequences.ts";
import { startBackend } from "./backend.ts";
import type { SequencesCommand } from "./messages.ts";
import { hear, tell } from "./serve.ts";
import { Trainer } from "./trainer.ts";

hear<SequencesCommand>(async () => {
  tell({ kind: "ready", backend: await startBackend() });
  const lesson = new SequencesLesson();
  const trainer = new Trainer(lesson, tell);
  trainer.look();
  return (command) => {
    switch (command.kind) {
      case "task":
        lesson.setTask(command.task);
        return trainer.look();
      case "ask":
        lesson.ask(command.question);
        return trainer.look();
      default:
        return trainer.obey(command);
    }
  };
});
