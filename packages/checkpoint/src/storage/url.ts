/** @file Files behind a URL: in ranges where the server gives them, otherwise as a whole. */
import { CheckpointError } from "../errors.ts";
import { readingOfBytes } from "./memory.ts";
import type { FileReading, StorageFile, StorageFolder } from "./storage.ts";

/** Each piece is a request. */
const chunkBytes = 8 << 20;

const failed = (name: string, expected: string, got: string): CheckpointError =>
  new CheckpointError(
    `${name}: expected ${expected}, got ${got}. Check the address, and that the server allows it.`,
  );

async function get(url: URL, range: string | undefined): Promise<Response> {
  try {
    return await fetch(url, range === undefined ? {} : { headers: { Range: range } });
  } catch (error) {
    throw new CheckpointError(
      `${url.href}: expected an answer, got none. Check the address and the network.`,
      {
        cause: error,
      },
    );
  }
}

/** The size of the whole file, from the answer to a request for a part. */
const sizeIn = (response: Response): number | undefined => {
  const found = /^bytes 0-\d+\/(\d{1,15})$/.exec(response.headers.get("Content-Range") ?? "");
  return found ? Number(found[1]) : undefined;
};

/** Whatever says that the file is still the same; weak tags do not say it of bytes. */
const tagOf = (response: Response): string | null => {
  const tag = response.headers.get("ETag");
  return tag?.startsWith("W/") ? null : tag;
};

/** The first bytes are asked for; what comes says whether the server knows ranges. */
async function open(url: URL): Promise<FileReading | undefined> {
  const response = await get(url, "bytes=0-7");
  if (response.status === 404 || response.status === 410) return undefined;
  // The range begins behind the end of an empty file.
  if (response.status === 416) return readingOfBytes(url.href, new Uint8Array());
  if (!response.ok) throw failed(url.href, "a file", `status ${response.status}`);
  const size = response.status === 206 ? sizeIn(response) : undefined;
  const body = new Uint8Array(await response.arrayBuffer());
  if (response.status === 200) return readingOfBytes(url.href, body);
  if (size === undefined) throw failed(url.href, "the size of the file in Content-Range", "none");
  return ranged(url, size, tagOf(response));
}

const ranged = (url: URL, size: number, tag: string | null): FileReading => ({
  name: url.href,
  size,
  chunkBytes,
  read: async (position, into) => {
    if (into.length === 0) return;
    const response = await get(url, `bytes=${position}-${position + into.length - 1}`);
    const isSame = tag === null || tagOf(response) === null || tagOf(response) === tag;
    if (response.status !== 206 || !isSame)
      throw failed(
        url.href,
        "a part of the same file",
        isSame ? `status ${response.status}` : "another file",
      );
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length !== into.length) throw failed(url.href, `${into.length} bytes`, String(bytes.length));
    into.set(bytes);
  },
  close: async () => {},
});

const readOnly = (name: string): CheckpointError =>
  new CheckpointError(
    `${name}: expected a place to write to, got a URL. Save to a file, or send what toBytes returns.`,
  );

/** As the file is called; what is no name of a file (of a `data:` URL) stays. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What a URL names, and its neighbours: an index has its files beside it. */
export function urlFile(url: URL): StorageFile {
  const parts = url.pathname.split("/");
  const file = decoded(parts.at(-1) as string);
  const beside = (name: string): URL => {
    const found = new URL(url);
    found.pathname = [...parts.slice(0, -1), encodeURIComponent(name)].join("/");
    return found;
  };
  const name = `${url.origin}${parts.slice(0, -1).join("/")}`;
  const folder: StorageFolder = {
    name,
    open: (other) => open(other === file ? url : beside(other)),
    create: () => Promise.reject(readOnly(name)),
    remove: () => Promise.reject(readOnly(name)),
    list: () => Promise.reject(readOnly(name)),
  };
  return { folder, file };
}
