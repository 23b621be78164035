/**
 * @file Reads the text of a header, and only that: what is not as headers are stops it at once, so
 * that nothing is made of hostile text. `JSON.parse` would make all of it, and drop repeated names.
 */
import { isFileDtype, type TensorForm } from "./dtypes.ts";
import { endOfString } from "./strict-json.ts";

/** What a header says of a tensor. Offsets count from the first byte behind the header. */
export interface TensorEntry extends TensorForm {
  readonly begin: number;
  readonly end: number;
}

/** What a header says. */
export interface HeaderText {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** More axes than any tensor has; a list of sizes is the one thing in an entry without an end. */
const mostAxes = 32;

/** Where a header is wrong, and how. */
export class HeaderFault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

const space = /[ \t\n\r]*/y;
const digits = /(?:0|[1-9]\d{0,15})(?![\d.eE])/y;

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  private skipSpace(): void {
    space.lastIndex = this.at;
    space.test(this.text);
    this.at = space.lastIndex;
  }

  /** What an expression finds right here, behind spaces. */
  private take(expression: RegExp): string | undefined {
    this.skipSpace();
    expression.lastIndex = this.at;
    const found = expression.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  fault(expected: string): HeaderFault {
    const rest = this.text.slice(this.at, this.at + 20);
    const got = rest === "" ? "its end" : JSON.stringify(rest);
    return new HeaderFault(`expected ${expected} at character ${this.at}, got ${got}`);
  }

  private mark(mark: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private need(mark: string): void {
    if (!this.mark(mark)) throw this.fault(`"${mark}"`);
  }

  private string(): string {
    this.skipSpace();
    if (this.text[this.at] === '"') {
      const end = endOfString(this.text, this.at) + 1;
      try {
        const found = JSON.parse(this.text.slice(this.at, end)) as string;
        this.at = end;
        return found;
      } catch {
        // An escape that is none, a control character, or no end.
      }
    }
    throw this.fault("a text");
  }

  private number(): number {
    const found = Number(this.take(digits) ?? Number.NaN);
    if (Number.isSafeInteger(found)) return found;
    throw this.fault("an integer from 0 to 2^53 - 1");
  }

  private numbers(most: number): number[] {
    const found: number[] = [];
    this.need("[");
    if (this.mark("]")) return found;
    do {
      if (found.length === most) throw this.fault(`at most ${most} numbers`);
      found.push(this.number());
    } while (this.mark(","));
    this.need("]");
    return found;
  }

  /** Each name of an object once, with what `read` makes of the value. */
  private fields<T>(read: (name: string) => T): Map<string, T> {
    const found = new Map<string, T>();
    this.need("{");
    if (this.mark("}")) return found;
    do {
      const name = this.string();
      if (found.has(name)) throw this.fault(`the name ${JSON.stringify(name.slice(0, 200))} once`);
      this.need(":");
      found.set(name, read(name));
    } while (this.mark(","));
    this.need("}");
    return found;
  }

  private tensor(): TensorEntry {
    const fields = this.fields((name): string | readonly number[] => {
      if (name === "dtype") return this.string();
      if (name === "shape") return this.numbers(mostAxes);
      if (name === "data_offsets") return this.numbers(2);
      throw this.fault("no field beside dtype, shape and data_offsets");
    });
    const dtype = fields.get("dtype") as string | undefined;
    const shape = fields.get("shape") as readonly number[] | undefined;
    const [begin, end] = (fields.get("data_offsets") ?? []) as readonly number[];
    if (dtype === undefined || shape === undefined || begin === undefined || end === undefined)
      throw this.fault("dtype, shape and two data_offsets before this");
    if (!isFileDtype(dtype))
      throw this.fault(`a dtype that exists, not ${JSON.stringify(dtype.slice(0, 200))},`);
    return { dtype, shape, begin, end };
  }

  header(): HeaderText {
    let metadata: ReadonlyMap<string, string> = new Map();
    const tensors = this.fields((name) => {
      if (name !== "__metadata__") return this.tensor();
      metadata = this.fields(() => this.string());
      return undefined;
    });
    tensors.delete("__metadata__");
    this.skipSpace();
    if (this.at < this.text.length) throw this.fault("nothing more");
    return { tensors: tensors as Map<string, TensorEntry>, metadata };
  }
}

/** @throws {@link HeaderFault} for what is no header. */
export const readHeaderText = (text: string): HeaderText => new Reader(text).header();
