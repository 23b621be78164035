/** @file Tensors into a file, with two buffers: one is written while the other is filled. */
import { copyBytes, isTensor, type Tensor } from "@nnxjs/kernels/internal";
import { crc32, hexOf } from "../format/crc32.ts";
import type { Placed } from "../format/layout.ts";
import type { FileWriting } from "../storage/storage.ts";
import type { Piece } from "./encode.ts";

const chunkBytes = 1 << 20;

/** Gathers bytes and writes them in large pieces. */
class ChunkedWriter {
  private readonly writing: FileWriting;
  private filling = new Uint8Array(chunkBytes);
  private spare = new Uint8Array(chunkBytes);
  private used = 0;
  private position: number;
  private pending: Promise<void> = Promise.resolve();

  constructor(writing: FileWriting, position: number) {
    this.writing = writing;
    this.position = position;
  }

  /**
   * Room for at most `length` bytes, which the caller fills before anything else happens.
   */
  async room(length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.used === chunkBytes) await this.flush();
    const end = Math.min(chunkBytes, this.used + length);
    const room = this.filling.subarray(this.used, end);
    this.used = end;
    return room;
  }

  private async flush(): Promise<void> {
    // The spare buffer is free when what was in it is written.
    await this.pending;
    const { filling, position, used } = this;
    this.pending = this.writing.write(position, filling.subarray(0, used));
    // Who waits for it is told; until then it is nobody's unhandled rejection.
    this.pending.catch(() => {});
    this.position += used;
    this.used = 0;
    this.filling = this.spare;
    this.spare = filling;
  }

  async finish(): Promise<void> {
    if (this.used > 0) await this.flush();
    await this.pending;
  }
}

/** The bytes of a tensor whose backend or dtype does not give them piece by piece. */
export async function bytesOfTensor(tensor: Tensor): Promise<Uint8Array> {
  const { buffer, byteOffset, byteLength } = await tensor.data();
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  // Whatever is not zero is true, here and there; in a file it is 1.
  return tensor.dtype === "bool" ? bytes.map((byte) => (byte === 0 ? 0 : 1)) : bytes;
}

/**
 * Writes the data of a file.
 * @param dataStart - Where it begins in the file.
 * @returns the CRC-32 of each tensor.
 */
export async function writeTensors(
  placed: readonly Placed<Piece>[],
  dataStart: number,
  writing: FileWriting,
): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  const writer = new ChunkedWriter(writing, dataStart);
  for (const { key, tensor, bytes } of placed) {
    const { content } = tensor;
    let whole = isTensor(content) ? undefined : (content as Uint8Array);
    let crc = 0;
    for (let at = 0; at < bytes; ) {
      const room = await writer.room(bytes - at);
      if (isTensor(content) && whole === undefined && !copyBytes(content, at, room))
        whole = await bytesOfTensor(content);
      if (whole) room.set(whole.subarray(at, at + room.length));
      crc = crc32(room, crc);
      at += room.length;
    }
    sums.set(key, hexOf(crc));
  }
  await writer.finish();
  return sums;
}
