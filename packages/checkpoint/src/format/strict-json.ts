/**
 * @file JSON of files that nobody vouches for: no name twice in an object, and an end to how deep it
 * goes. `JSON.parse` takes the last of two, and another reader may take the first.
 */

/** What is refused, and where. */
export class JsonFault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/**
 * What JSON says.
 * @param mostLevels - Of lists and objects in each other.
 * @throws {@link JsonFault} for what is no JSON, has a name twice, or is nested deeper.
 */
export function parseStrictly(text: string, mostLevels: number): unknown {
  let value: unknown;
  // Before the text is made to objects: how deep it goes is seen from the brackets.
  refuseDepth(text, mostLevels);
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new JsonFault(error instanceof Error ? error.message : String(error));
  }
  refuseRepeats(text);
  return value;
}

/** The end of the string that begins at `start`; the end of the text where it has none. */
export function endOfString(text: string, start: number): number {
  for (let i = text.indexOf('"', start + 1); i >= 0; i = text.indexOf('"', i + 1)) {
    let before = i - 1;
    while (text[before] === "\\") before--;
    if ((i - before) % 2 === 1) return i;
  }
  return text.length;
}

const brackets = /["[\]{}]/g;

function refuseDepth(text: string, mostLevels: number): void {
  let level = 0;
  brackets.lastIndex = 0;
  for (let found = brackets.exec(text); found; found = brackets.exec(text)) {
    const [mark] = found;
    if (mark === '"') brackets.lastIndex = endOfString(text, found.index) + 1;
    else if (mark === "]" || mark === "}") level--;
    else if (++level > mostLevels) throw new JsonFault(`it is nested more than ${mostLevels} levels deep`);
  }
}

const marks = /["[\]{},]/g;

/** The names in the objects around the place that is read; a list has none. */
function refuseRepeats(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  marks.lastIndex = 0;
  for (let found = marks.exec(text); found; found = marks.exec(text)) {
    const { index } = found;
    switch (found[0]) {
      case '"': {
        const end = endOfString(text, index);
        marks.lastIndex = end + 1;
        const names = open.at(-1);
        if (!isName || !names) break;
        isName = false;
        const written = text.slice(index, end + 1);
        const name = written.includes("\\") ? (JSON.parse(written) as string) : written.slice(1, -1);
        if (names.has(name)) throw new JsonFault(`it has the name ${written.slice(0, 200)} twice`);
        names.add(name);
        break;
      }
      case "{":
        open.push(new Set());
        isName = true;
        break;
      case "[":
        open.push(undefined);
        break;
      case ",":
        isName = open.at(-1) !== undefined;
        break;
      default:
        open.pop();
    }
  }
}
