/** @file Lists of numbers, such as the counts of an ensemble, whose numbers a recording follows. */

/** Lists of numbers, in lists for further axes. */
export type NumberList = readonly (number | NumberList)[];

/** Whether a value is such a list. An empty one says nothing about what it is for. */
export const isNumberList = (x: unknown): x is NumberList =>
  Array.isArray(x) && x.length > 0 && x.every((each) => typeof each === "number" || isNumberList(each));

/** A list like this one, of the next numbers. */
export const withNumbers = (list: NumberList, numbers: Iterator<unknown>): NumberList =>
  list.map((each) =>
    typeof each === "number" ? (numbers.next().value as number) : withNumbers(each, numbers),
  );
