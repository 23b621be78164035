/** @file What a schedule is. */

/** The learning rate of step `count`, which starts at 0. */
export type Schedule = (count: number) => number;
