/** @file Trains the decoder, looks at it, and asks it questions. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { Decoder } from "./decoder.ts";
import { adam, setLearningRate } from "./learning-rate.ts";
import type { Lesson } from "./lesson.ts";
import { type Matrix, matrixOf } from "./pictures.ts";
import { DIGITS, LENGTH, type TaskName, tasks } from "./tasks.ts";

const BATCH = 64;
const EQUALS = DIGITS;
/** The question, an equals sign, and all but the last digit of the answer. */
const PLACES = 2 * LENGTH;
const SIZE = { vocabulary: DIGITS + 1, length: PLACES, features: 32, heads: 4, blocks: 2 } as const;
/** So many questions are asked again and again. */
const EXAM = 32;
const SHOWN = 6;

interface Batch {
  /** int32 `[rows, PLACES]` */
  readonly tokens: tf.Tensor2D;
  /** int32 `[rows, LENGTH]`: what follows the equals sign. */
  readonly answers: tf.Tensor2D;
}

/** The logits from the equals sign on, where the answers are. */
const answerLogits = (logits: tf.Tensor3D): tf.Tensor3D =>
  tf.slice(logits, [0, LENGTH, 0], [logits.shape[0], LENGTH, SIZE.vocabulary]);

/** Mean cross entropy of the answers' digits, in nats. */
const lossOf = (model: Decoder, { tokens, answers }: Batch): tf.Scalar =>
  tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(answerLogits(model.forward(tokens)), answers));

/** All that training changes. */
export class SequencesRun extends nnx.Module {
  readonly model: Decoder;
  readonly optimizer: nnx.Optimizer;
  readonly questions: nnx.Rngs;

  constructor(seed = 0) {
    super();
    this.model = new Decoder(SIZE, { rngs: new nnx.Rngs(seed) });
    this.optimizer = new nnx.Optimizer(this.model, adam(3e-3), { wrt: nnx.Param });
    this.questions = new nnx.Rngs({ questions: seed + 1 });
  }
}

function trainStep({ model, optimizer }: Pick<SequencesRun, "model" | "optimizer">, batch: Batch): tf.Scalar {
  const [loss, gradients] = nnx.valueAndGrad(lossOf)(model, batch);
  optimizer.update(model, gradients);
  return loss;
}

/** Random questions. */
function questionsFrom(key: nnx.PRNGKey, count: number): number[][] {
  const drawn = nnx.random.randint(key, [count, LENGTH], 0, DIGITS);
  const digits = Array.from(drawn.dataSync());
  drawn.dispose();
  return Array.from({ length: count }, (_, i) => digits.slice(i * LENGTH, (i + 1) * LENGTH));
}

/** A question and what the model writes behind it. */
export interface Exercise {
  readonly question: readonly number[];
  readonly answer: readonly number[];
  readonly right: readonly number[];
}

export interface SequencesSight {
  /** The share of digits that are right. */
  readonly digits: number;
  /** The share of answers that are right as a whole. */
  readonly answers: number;
  /** The reader's question, then some of the exam. */
  readonly exercises: readonly Exercise[];
  /** What each place attends to in the reader's question: `[block][head]`. */
  readonly attention: readonly (readonly Matrix[])[];
}

const share = (right: readonly boolean[]): number => right.filter(Boolean).length / right.length;

export class SequencesLesson implements Lesson<SequencesSight> {
  readonly run = new SequencesRun();
  private readonly recorded = nnx.jit(trainStep);
  private readonly exam = questionsFrom(nnx.random.key(99), EXAM);
  private question: readonly number[] = [3, 1, 4, 1, 5, 9];
  private task: TaskName = "reverse";

  step(): number {
    const { model, optimizer, questions } = this.run;
    const rows = questionsFrom(questions.nextKey("questions"), BATCH);
    const batch = this.batchOf(rows);
    const loss = this.recorded({ model, optimizer }, batch);
    const [nats] = loss.dataSync();
    nnx.dispose([loss, batch]);
    return nats as number;
  }

  look(): SequencesSight {
    const questions = [this.question, ...this.exam];
    const answers = this.write(questions);
    const exercises = questions.map((question, i) => ({
      question,
      answer: answers[i] as number[],
      right: tasks[this.task].answer(question),
    }));
    const marks = exercises.slice(1).map(({ answer, right }) => right.map((digit, i) => digit === answer[i]));
    return {
      digits: share(marks.flat()),
      answers: share(marks.map((each) => each.every(Boolean))),
      exercises: exercises.slice(0, SHOWN),
      attention: this.attention(this.question, answers[0] as number[]),
    };
  }

  ask(question: readonly number[]): void {
    this.question = question;
  }

  setTask(task: TaskName): void {
    this.task = task;
  }

  setLearningRate(rate: number): void {
    setLearningRate(this.run.optimizer, rate);
  }

  dispose(): void {
    this.recorded.dispose();
    nnx.dispose(this.run);
  }

  private batchOf(questions: readonly (readonly number[])[]): Batch {
    const answers = questions.map((row) => tasks[this.task].answer(row));
    const tokens = questions.map((row, i) => tokensOf(row, answers[i] as number[]));
    return {
      tokens: tf.tensor2d(tokens, undefined, "int32"),
      answers: tf.tensor2d(answers, undefined, "int32"),
    };
  }

  /** Writes answers digit by digit, each the most probable one after those before it. */
  private write(questions: readonly (readonly number[])[]): number[][] {
    const answers: number[][] = questions.map(() => []);
    for (let place = 0; place < LENGTH; place++) {
      const next = tf.tidy(() => {
        const rows = questions.map((row, i) => tokensOf(row, answers[i] as number[]));
        const logits = answerLogits(this.run.model.forward(tf.tensor2d(rows, undefined, "int32")));
        const here = tf.slice(logits, [0, place, 0], [rows.length, 1, DIGITS]);
        return tf.argMax(tf.reshape(here, [rows.length, DIGITS]), 1).dataSync();
      });
      for (const [i, answer] of answers.entries()) answer.push(next[i] as number);
    }
    return answers;
  }

  private attention(question: readonly number[], answer: readonly number[]): Matrix[][] {
    return nnx.tidy(() => {
      const tokens = tf.tensor2d([tokensOf(question, answer)], undefined, "int32");
      const [, seen] = nnx.capture(this.run.model, nnx.Intermediate)(tokens, { sowWeights: true });
      return this.run.model.blocks.map((_, block) => {
        const [weights] = nnx.valuesAt(seen, [
          "blocks",
          block,
          "attention",
          "attention_weights",
        ]) as tf.Tensor[];
        return tf.unstack(tf.squeeze(weights as tf.Tensor, [0])).map(matrixOf);
      });
    });
  }
}

/** A row of tokens: what is not yet answered is 0, which nothing before it sees. */
const tokensOf = (question: readonly number[], answer: readonly number[]): number[] => [
  ...question,
  EQUALS,
  ...Array.from({ length: LENGTH - 1 }, (_, i) => answer[i] ?? 0),
];
