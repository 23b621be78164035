/** @file A convolution's windows as rows of a matrix, in parts that fit in the cache. */
import type { Axis } from "../conv-geometry.ts";
import type { WasmFunctions } from "./module.ts";
import { placeOf } from "./windows.ts";

/** The taps of a window that lie in one row of an image, with some of their channels. */
interface Segment {
  readonly depth: number;
  readonly height: number;
  /** The first tap along the last axis, and how many. */
  readonly tap: number;
  readonly taps: number;
  readonly channel: number;
  readonly channels: number;
  /** The matrix' column where it begins, within the chunk. */
  readonly at: number;
}

/** Some neighbouring columns of the matrix. */
export interface Chunk {
  /** The first column. */
  readonly from: number;
  readonly columns: number;
  readonly segments: readonly Segment[];
}

type Three = readonly [Axis, Axis, Axis];

/** All columns of the matrix, in chunks of at most `most`. */
export function chunksOf([d, h, w]: Three, channels: number, most: number): Chunk[] {
  const taps = w.window * channels <= most ? w.window : 1;
  const part = Math.min(channels, most);
  const chunks: { from: number; columns: number; segments: Segment[] }[] = [];
  let column = 0;
  const put = (segment: Omit<Segment, "at">): void => {
    const size = segment.taps * segment.channels;
    let last = chunks.at(-1);
    if (!last || last.columns + size > most) {
      last = { from: column, columns: 0, segments: [] };
      chunks.push(last);
    }
    last.segments.push({ ...segment, at: last.columns });
    last.columns += size;
    column += size;
  };
  for (let depth = 0; depth < d.window; depth++)
    for (let height = 0; height < h.window; height++)
      for (let tap = 0; tap < w.window; tap += taps)
        for (let channel = 0; channel < channels; channel += part)
          put({ depth, height, tap, taps, channel, channels: Math.min(part, channels - channel) });
  return chunks;
}

/** The image that the windows read. */
export interface Image {
  /** The address of its first pixel's first channel, of the group in question. */
  readonly address: number;
  /** The channels of a pixel, of all groups. */
  readonly channels: number;
}

/**
 * Copies windows to a matrix (`gather`), or adds the matrix to where they are (`scatter`).
 * @param first - The first window, of those of all images.
 * @param matrix - The address of `count` rows of the chunk's columns.
 */
export function movePatches(
  functions: WasmFunctions<"gather" | "scatter">,
  name: "gather" | "scatter",
  { address, channels }: Image,
  [d, h, w]: Three,
  { segments, columns }: Chunk,
  first: number,
  count: number,
  matrix: number,
): void {
  const pixel = 4 * channels;
  const rowBytes = 4 * columns;
  let to = matrix;
  for (let window = first; window < first + count; ) {
    const column = window % w.output;
    const line = (window - column) / w.output;
    const row = line % h.output;
    const slice = (line - row) / h.output;
    const layer = slice % d.output;
    const image = (slice - layer) / d.output;
    const length = Math.min(w.output - column, first + count - window);
    for (const { depth, height, tap, taps, channel, channels: some, at } of segments) {
      const [z, y] = [placeOf(d, layer, depth), placeOf(h, row, height)];
      const isInside = z >= 0 && y >= 0;
      if (!isInside && name === "scatter") continue;
      const start = ((image * d.input + z) * h.input + y) * w.input;
      functions[name](
        isInside ? address + start * pixel + 4 * channel : 0,
        to + 4 * at,
        length,
        column * w.stride - w.before + tap * w.dilation,
        w.stride,
        w.dilation,
        // A row of the padding has no pixels.
        isInside ? w.input : 0,
        taps,
        pixel,
        4 * some,
        rowBytes,
      );
    }
    to += length * rowBytes;
    window += length;
  }
}
