/** @file Stands in the place of `node:fs` in tests that read files of the repository. */

/** Reads a file that the server of the tests has. */
export function readFileSync(url: URL | string, encoding?: string): string | Uint8Array {
  const request = new XMLHttpRequest();
  request.open("GET", String(url), false);
  // One character per byte.
  request.overrideMimeType("text/plain; charset=x-user-defined");
  request.send();
  if (request.status !== 200)
    throw new Error(`readFileSync: expected a file, got ${request.status} of ${url}.`);
  const bytes = Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0) & 255);
  return encoding === undefined ? bytes : new TextDecoder().decode(bytes);
}
