/**
 * @file Tensors from a file, run by run: what stands together is read together, one piece while the
 * one before is taken apart.
 */
import { fillable, type Filling, type Tensor, tensorFrom } from "@nnxjs/kernels/internal";
import { CheckpointError } from "../errors.ts";
import { crc32, hexOf } from "../format/crc32.ts";
import type { FileDtype } from "../format/dtypes.ts";
import { damaged, shownKey } from "../format/header.ts";
import type { TensorEntry } from "../format/header-text.ts";
import type { FileReading } from "../storage/storage.ts";

/** A tensor that is wanted from a file. */
export interface Wanted {
  readonly key: string;
  readonly entry: TensorEntry;
  /** Its CRC-32, where the file says. */
  readonly crc: string | undefined;
  /** A tensor, or the bytes alone. */
  readonly as: "tensor" | "bytes";
}

/** What comes of it. */
export type Received = Tensor | Uint8Array<ArrayBuffer>;

/** tensorflow.js's names of the dtypes that it has. */
const tensorDtypes = { F32: "float32", I32: "int32", BOOL: "bool", C64: "complex64" } as const;

type TensorDtype = keyof typeof tensorDtypes;

export const isTensorDtype = (dtype: FileDtype): dtype is TensorDtype => Object.hasOwn(tensorDtypes, dtype);

/** tensorflow.js's name of a dtype. */
export const nameOfDtype = (dtype: TensorDtype): (typeof tensorDtypes)[TensorDtype] => tensorDtypes[dtype];

/** Takes the bytes of one tensor as they come. */
class Receiver {
  readonly wanted: Wanted;
  private readonly where: string;
  private readonly filling: Filling | undefined;
  private readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  private at = 0;
  private crc = 0;

  constructor(where: string, wanted: Wanted) {
    this.where = where;
    this.wanted = wanted;
    const { dtype, shape, begin, end } = wanted.entry;
    this.filling =
      wanted.as === "tensor" && isTensorDtype(dtype) ? fillable(tensorDtypes[dtype], shape) : undefined;
    this.bytes = this.filling ? undefined : new Uint8Array(end - begin);
  }

  take(bytes: Uint8Array): void {
    this.crc = crc32(bytes, this.crc);
    if (this.filling) this.filling.write(this.at, bytes);
    else this.bytes?.set(bytes, this.at);
    this.at += bytes.length;
  }

  finish(): Received {
    const { key, crc, entry, as } = this.wanted;
    const place = `${this.where} at ${shownKey(key)}`;
    const got = hexOf(this.crc);
    if (crc !== undefined && crc !== got) throw damaged(place, `data with the checksum ${crc}`, got);
    if (this.filling) return this.filling.tensor;
    const bytes = this.bytes as Uint8Array<ArrayBuffer>;
    if (entry.dtype === "BOOL") {
      const odd = bytes.find((byte) => byte > 1);
      if (odd !== undefined) throw damaged(place, "bytes 0 and 1 for booleans", String(odd));
    }
    if (as === "bytes") return bytes;
    if (isTensorDtype(entry.dtype)) return tensorFrom(tensorDtypes[entry.dtype], entry.shape, bytes);
    throw new CheckpointError(
      `${place}: expected a tensor of F32, I32, BOOL or C64, got ${entry.dtype}. tensorflow.js has no such tensors: read its bytes.`,
    );
  }

  discard(): void {
    this.filling?.tensor.dispose();
  }
}

const defaultChunkBytes = 1 << 20;

/** Pieces of a run of bytes, the next one under way while the last one is looked at. */
async function* piecesOf(
  reading: FileReading,
  begin: number,
  end: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const length = Math.min(reading.chunkBytes ?? defaultChunkBytes, end - begin);
  const buffers = [new Uint8Array(length), new Uint8Array(Math.min(length, end - begin - length))];
  const ask = async (at: number, turn: number): Promise<Uint8Array<ArrayBuffer>> => {
    const piece = buffers[turn % 2]!.subarray(0, Math.min(length, end - at));
    await reading.read(at, piece);
    return piece;
  };
  let next = ask(begin, 0);
  for (let at = begin, turn = 1; at < end; at += length, turn++) {
    const piece = await next;
    if (at + length < end) {
      next = ask(at + length, turn);
      // Who waits for it is told; if nobody does, it does not matter.
      next.catch(() => {});
    }
    yield piece;
  }
}

/** Frees tensors that nobody will get. */
export const discard = (received: Iterable<Received>): void => {
  for (const each of received) if (!(each instanceof Uint8Array)) each.dispose();
};

/**
 * Reads tensors of one file, and nothing else of it.
 * @param into - Gets each by its key. When something fails they are the caller's to free.
 */
export async function readTensors(
  reading: FileReading,
  dataStart: number,
  wanted: readonly Wanted[],
  into: Map<string, Received>,
): Promise<void> {
  const sorted = [...wanted].sort((a, b) => a.entry.begin - b.entry.begin || a.entry.end - b.entry.end);
  for (let first = 0; first < sorted.length; ) {
    let last = first;
    while (sorted[last + 1] && sorted[last + 1]!.entry.begin === sorted[last]!.entry.end) last++;
    await readRun(reading, dataStart, sorted.slice(first, last + 1), into);
    first = last + 1;
  }
}

async function readRun(
  reading: FileReading,
  dataStart: number,
  run: readonly Wanted[],
  into: Map<string, Received>,
): Promise<void> {
  let open: Receiver | undefined;
  const pieces = piecesOf(reading, dataStart + run[0]!.entry.begin, dataStart + run.at(-1)!.entry.end);
  let piece: Uint8Array<ArrayBuffer> = new Uint8Array();
  try {
    for (const wanted of run) {
      open = new Receiver(reading.name, wanted);
      for (let missing = wanted.entry.end - wanted.entry.begin; missing > 0; ) {
        if (piece.length === 0) piece = (await pieces.next()).value as Uint8Array<ArrayBuffer>;
        const part = piece.subarray(0, missing);
        open.take(part);
        piece = piece.subarray(part.length);
        missing -= part.length;
      }
      into.set(wanted.key, open.finish());
      open = undefined;
    }
  } finally {
    open?.discard();
    await pieces.return();
  }
}
