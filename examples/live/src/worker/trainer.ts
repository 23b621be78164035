/** @file Trains in slices, so that between them the worker hears what the page says. */
import * as tf from "@tensorflow/tfjs-core";
import type { Lesson } from "../models/lesson.ts";
import type { Command, News } from "./messages.ts";
import { Timeline } from "./timeline.ts";

/** Milliseconds of training between two looks into the mailbox. */
const SLICE = 12;
/** Milliseconds between two reports of losses, and between two looks. */
const REPORT = 100;
const LOOK = 200;
/** At full speed, looking may take a tenth of the time: after a look, training has this many times as long. */
const TRAINING_SHARE = 9;
const MOMENTS = 120;

/** Comes back after the messages that wait were heard. Timers are slower: browsers stretch them to 4 ms. */
function nextTask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Trainer<Sight> {
  private readonly lesson: Lesson<Sight>;
  private readonly tell: (news: News<Sight>) => void;
  private readonly timeline: Timeline;
  private at = 0;
  private isPlaying = false;
  private learningRate: number | undefined;
  private perSecond = Number.POSITIVE_INFINITY;
  /** Losses that the page does not know yet. */
  private losses: number[] = [];
  private nextReport = 0;
  private nextLook = 0;

  constructor(lesson: Lesson<Sight>, tell: (news: News<Sight>) => void) {
    this.lesson = lesson;
    this.tell = tell;
    this.timeline = new Timeline(lesson.run, MOMENTS);
  }

  obey(command: Command): void {
    switch (command.kind) {
      case "play":
        if (!this.isPlaying) void this.play();
        return;
      case "pause":
        this.pause();
        return;
      case "step":
        this.pause();
        this.branch();
        this.step();
        this.look();
        return;
      case "goTo":
        this.pause();
        this.timeline.keep(this.at);
        this.at = this.timeline.restore(command.step);
        // The rate is part of the moment. What was chosen last holds.
        if (this.learningRate !== undefined) this.lesson.setLearningRate(this.learningRate);
        this.look();
        return;
      case "speed":
        this.perSecond = command.perSecond;
        return;
      case "learningRate":
        this.learningRate = command.rate;
        this.lesson.setLearningRate(command.rate);
        return;
    }
  }

  /** Looks now, keeps the moment, and tells the page. */
  look(): void {
    this.report();
    const start = performance.now();
    const sight = this.lesson.look();
    this.timeline.keep(this.at);
    const now = performance.now();
    const pause = this.perSecond === Number.POSITIVE_INFINITY ? TRAINING_SHARE * (now - start) : now - start;
    this.nextLook = now + Math.max(LOOK, pause);
    const { numTensors: tensors, numBytes: bytes } = tf.memory();
    const memory = { tensors, bytes };
    this.tell({ kind: "sight", step: this.at, sight, moments: this.timeline.steps, memory });
  }

  private async play(): Promise<void> {
    this.branch();
    this.setPlaying(true);
    let due = performance.now();
    while (this.isPlaying) {
      const start = performance.now();
      let now = start;
      while (now < start + SLICE && due <= now) {
        this.step();
        now = performance.now();
        // A step that is late is not made up for: the speed is what is asked for at most.
        due = Math.max(due + 1000 / this.perSecond, now - 1000 / this.perSecond);
      }
      if (now >= this.nextReport) this.report();
      if (now >= this.nextLook) this.look();
      if (due > now) await wait(Math.min(due - now, REPORT));
      else await nextTask();
    }
  }

  private pause(): void {
    if (!this.isPlaying) return;
    this.setPlaying(false);
    this.look();
  }

  private setPlaying(isPlaying: boolean): void {
    this.isPlaying = isPlaying;
    this.tell({ kind: "playing", isPlaying, step: this.at });
  }

  private branch(): void {
    if (this.timeline.forgetAfter(this.at)) this.tell({ kind: "branched", step: this.at });
  }

  private step(): void {
    this.losses.push(this.lesson.step());
    this.at++;
  }

  private report(): void {
    this.nextReport = performance.now() + REPORT;
    if (this.losses.length === 0) return;
    const losses = Float32Array.from(this.losses);
    this.losses = [];
    this.tell({ kind: "losses", from: this.at - losses.length, losses });
  }
}
