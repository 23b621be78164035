/** @file Tables as text. */

/** Rows as lines of aligned columns, the first one aligned left, the others right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines
    .map((line) =>
      widths
        .map((width, column) => {
          const word = line[column] ?? "";
          return column === 0 ? word.padEnd(width) : word.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
