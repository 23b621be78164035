/** @file Parses the notation of einsum. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";

/**
 * An einsum of two operands, with a label for each axis. Axes of an ellipsis have the labels `.0`,
 * `.1`, …, counted from the last.
 */
export interface Equation {
  readonly left: readonly string[];
  readonly right: readonly string[];
  readonly result: readonly string[];
}

/**
 * Returns the equation without spaces. @throws NnxError unless it has an arrow, and exactly one
 * comma before it.
 */
export function checkEquation(where: string, equation: string): string {
  if (typeof equation !== "string") {
    throw new NnxError(
      `${where}: expected an equation such as "ab,bc->ac", got ${describe(equation)}. It is the first argument.`,
    );
  }
  const compact = equation.replaceAll(" ", "");
  const sides = compact.split("->");
  if (sides.length !== 2) {
    throw new NnxError(
      `${where}: expected an equation with one "->", got ${describe(equation)}. Write what the result's axes are.`,
    );
  }
  if (compact.split(",").length !== 2 || !sides[0]?.includes(",")) {
    throw new NnxError(
      `${where}: expected an equation of two operands, and so one comma, got ${describe(equation)}. The second operand is the kernel.`,
    );
  }
  return compact;
}

function labelsOf(where: string, part: string, rank: number | null): string[] {
  const pieces = part.split("...");
  const letters = pieces.join("");
  if (pieces.length > 2 || !/^[A-Za-z]*$/.test(letters)) {
    throw new NnxError(
      `${where}: expected letters and at most one "..." per operand, got ${describe(part)}.`,
    );
  }
  if (pieces.length === 1) {
    if (rank !== null && letters.length !== rank) {
      throw new NnxError(
        `${where}: expected an operand with ${letters.length} axes for ${describe(part)}, got one with ${rank}. Each letter of the equation is an axis.`,
      );
    }
    return letters.split("");
  }
  const hidden = (rank ?? letters.length) - letters.length;
  if (hidden < 0) {
    throw new NnxError(
      `${where}: expected an operand with at least ${letters.length} axes for ${describe(part)}, got one with ${rank}. Each letter of the equation is an axis.`,
    );
  }
  const dots = Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`);
  const [before = "", after = ""] = pieces;
  return [...before.split(""), ...dots, ...after.split("")];
}

/**
 * The labels of both operands and of the result.
 * @throws NnxError when ranks do not fit, or when a label of the result is in neither operand or
 * occurs twice.
 */
export function parseEquation(
  where: string,
  equation: string,
  leftRank: number,
  rightRank: number,
): Equation {
  const [operands = "", resultPart = ""] = checkEquation(where, equation).split("->");
  const [leftPart = "", rightPart = ""] = operands.split(",");
  const left = labelsOf(where, leftPart, leftRank);
  const right = labelsOf(where, rightPart, rightRank);
  const dots = [...new Set([...left, ...right])].filter((label) => label.startsWith("."));
  const rank = resultPart.includes("...") ? resultPart.replace("...", "").length + dots.length : null;
  const result = labelsOf(where, resultPart, rank);
  for (const label of result) {
    if (
      result.indexOf(label) !== result.lastIndexOf(label) ||
      !(left.includes(label) || right.includes(label))
    ) {
      throw new NnxError(
        `${where}: expected each axis of the result once and in an operand, got "${label}" in ${describe(equation)}.`,
      );
    }
  }
  return { left, right, result };
}
