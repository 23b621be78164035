/** @file One file of leaves. */
import { CheckpointError } from "../errors.ts";
import { bytesOf } from "../format/dtypes.ts";
import { lengthBytes, mostHeaderBytes } from "../format/header.ts";
import { headerBytes, layOut, type Placed } from "../format/layout.ts";
import { checksumOf, names, version } from "../format/metadata.ts";
import type { FileWriting, StorageFolder } from "../storage/storage.ts";
import type { EncodedLeaf, Piece } from "../values/encode.ts";
import { writeTensors } from "../values/write.ts";
import { writtenBy } from "./written-by.ts";

const zeros = "00000000";

/** A file whose size is known, before any of it is written. */
export class PlannedFile {
  private readonly tensors: ReadonlyMap<string, Piece>;
  private readonly placed: readonly Placed<Piece>[];
  private readonly own: ReadonlyMap<string, string>;
  private readonly dataStart: number;
  /** How many bytes the file will have. */
  readonly size: number;
  /** How many of them are tensors. */
  readonly dataBytes: number;

  /**
   * @param metadata - Of the whole and of the user.
   * @throws CheckpointError for more leaves than a header has room for.
   */
  constructor(where: string, leaves: readonly EncodedLeaf[], metadata: ReadonlyMap<string, string>) {
    this.tensors = new Map(leaves.flatMap(({ pieces }) => [...pieces]));
    this.placed = layOut(this.tensors);
    const descriptions = leaves.map(
      ({ key, description }) => `${JSON.stringify(key)}:${JSON.stringify(description)}`,
    );
    this.own = new Map([
      [names.format, version],
      [names.writtenBy, writtenBy],
      ...metadata,
      [names.leaves, `{${descriptions.join(",")}}`],
    ]);
    // Sums have one length, whatever they are: the header has its place before the data is read.
    this.dataStart = this.header(new Map()).length;
    if (this.dataStart - lengthBytes > mostHeaderBytes)
      throw new CheckpointError(
        `${where}: expected names and metadata of at most ${mostHeaderBytes} bytes in one file, got ${this.dataStart}. Save in shards, with maxShardBytes.`,
      );
    this.dataBytes = this.placed.reduce((sum, { bytes }) => sum + bytes, 0);
    this.size = this.dataStart + this.dataBytes;
  }

  private metadata(crcs: ReadonlyMap<string, string>): Map<string, string> {
    const texts = this.placed.map(({ key }) => `${JSON.stringify(key)}:"${crcs.get(key) ?? zeros}"`);
    const all = new Map([...this.own, [names.crc32, `{${texts.join(",")}}`]]);
    return all.set(names.checksum, crcs.size < this.placed.length ? zeros : checksumOf(this.tensors, all));
  }

  private header(crcs: ReadonlyMap<string, string>): Uint8Array<ArrayBuffer> {
    return headerBytes(this.placed, this.metadata(crcs));
  }

  /**
   * Writes the data, then the header. The caller commits.
   * @returns the header's checksum.
   */
  async write(writing: FileWriting): Promise<string> {
    const crcs = await writeTensors(this.placed, this.dataStart, writing);
    const metadata = this.metadata(crcs);
    await writing.write(0, headerBytes(this.placed, metadata));
    return metadata.get(names.checksum) as string;
  }
}

/** How many bytes the tensors of a leaf have. */
export const bytesOfLeaf = ({ pieces }: EncodedLeaf): number =>
  [...pieces.values()].reduce((sum, piece) => sum + bytesOf(piece), 0);

/**
 * Writes one file into a folder, or leaves everything as it was.
 * @returns the checksum of its header.
 */
export async function writeWhole(folder: StorageFolder, file: string, planned: PlannedFile): Promise<string> {
  const writing = await folder.create(file);
  let checksum: string;
  try {
    checksum = await planned.write(writing);
  } catch (error) {
    await writing.abort();
    throw error;
  }
  await writing.commit();
  return checksum;
}
