/** @file Tables as text. */

/** How a table looks. */
export interface TableStyle {
  /** Which columns are aligned left. @defaultValue the first one */
  readonly isLeft?: (column: number) => boolean;
  /** Whether lines stand under the head and above the last row. @defaultValue false */
  readonly separate?: boolean;
}

/** Rows as lines of aligned columns. A cell may have several lines. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { isLeft = (column) => column === 0, separate = false }: TableStyle = {},
): string {
  const blocks = [head, ...rows].map((row) => row.map((word) => word.split("\n")));
  const widths = head.map((_, column) =>
    Math.max(...blocks.flatMap((block) => (block[column] ?? []).map((word) => word.length))),
  );
  const lines = blocks.map((block) => {
    const height = Math.max(1, ...block.map((words) => words.length));
    return Array.from({ length: height }, (_, line) =>
      widths
        .map((width, column) => {
          const word = block[column]?.[line] ?? "";
          return isLeft(column) ? word.padEnd(width) : word.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    ).join("\n");
  });
  if (!separate) return lines.join("\n");
  const rule = "─".repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  const [first = "", ...others] = lines;
  return [first, rule, ...others.slice(0, -1), rule, ...others.slice(-1)].join("\n");
}
