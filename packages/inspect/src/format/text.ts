/** @file Compresses bytes, and writes them as text, with what browsers and Node have. */

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const result = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(result).arrayBuffer());
}

/** Base64 is made and read in pieces, since the arguments of a call are few. */
const PIECE = 3 * 8192;

/** Bytes, compressed, as base64. */
export async function pack(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const small = await through(bytes, new CompressionStream("deflate-raw"));
  let text = "";
  for (let i = 0; i < small.length; i += PIECE)
    text += btoa(String.fromCharCode(...small.subarray(i, i + PIECE)));
  return text;
}

/** The bytes of {@link pack}. */
export function unpack(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return through(bytes, new DecompressionStream("deflate-raw"));
}
