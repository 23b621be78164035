/** @file The decoder: what share of its answers is right, what it writes, and what it attends to. */
import type { SequencesSight } from "../models/sequences.ts";
import { type TaskName, tasks } from "../models/tasks.ts";
import type { SequencesCommand } from "../worker/messages.ts";
import { AnswersCard } from "./cards/answers-card.ts";
import { AttentionCard } from "./cards/attention-card.ts";
import type { Card } from "./cards/card.ts";
import { CurvesCard } from "./cards/curves-card.ts";
import { choice } from "./dom.ts";
import { Training } from "./training.ts";

const start = { speed: Number.POSITIVE_INFINITY, rate: 3e-3 } as const;
const names = Object.entries(tasks).map(([name, { title }]) => [name as TaskName, title] as const);

export class SequencesTraining extends Training<SequencesCommand, SequencesSight> {
  constructor() {
    super(
      new Worker(new URL("../worker/sequences.worker.ts", import.meta.url), { type: "module" }),
      start,
      choice("Task", names, "reverse", (task) => this.tell({ kind: "task", task })),
    );
  }

  protected makers(): readonly (() => Card<SequencesSight>)[] {
    return [
      () =>
        new CurvesCard({
          label: "Right, of 32 questions",
          curves: [
            ["digits", "--blue"],
            ["whole answers", "--orange"],
          ],
          valuesOf: ({ digits, answers }) => [digits, answers],
        }),
      () => new AnswersCard((command) => this.tell(command)),
      () => new AttentionCard(),
    ];
  }
}
