/** @file What the decoder may learn: questions of six digits, each with an answer of six. */

export const LENGTH = 6;
export const DIGITS = 10;

type Row = readonly number[];

export const tasks = {
  reverse: { title: "reverse the digits", answer: (row: Row): number[] => [...row].reverse() },
  sort: { title: "sort the digits", answer: (row: Row): number[] => [...row].sort((a, b) => a - b) },
  sums: {
    title: "running sums modulo 10",
    answer(row: Row): number[] {
      let sum = 0;
      return row.map((digit) => {
        sum = (sum + digit) % DIGITS;
        return sum;
      });
    },
  },
} as const;

export type TaskName = keyof typeof tasks;
