/** Adds the section of a version to the text of CHANGELOG.md. */
export function withVersion(history: string, version: string, items: readonly string[]): string;
