// The sections of CHANGELOG.md.
const WAITING = "## Unreleased\n\n";

/**
 * Adds the section of a version above the others. Lines under "Unreleased" belong to it, too.
 */
export function withVersion(history, version, items) {
  const at = history.search(/^## /m);
  if (at < 0) throw new Error("bump: expected a section in CHANGELOG.md, got none. Write `## Unreleased`.");
  const [head, sections] = [history.slice(0, at), history.slice(at)];
  const section = `## ${version}\n\n${items.join("\n")}\n`;
  return sections.startsWith(WAITING)
    ? head + section + sections.slice(WAITING.length)
    : `${head}${section}\n${sections}`;
}
