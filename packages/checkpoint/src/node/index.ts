export type { FileReading, FileWriting, StorageFile, StorageFolder, UrlLike } from "../storage/storage.ts";
export { directory, file } from "./file.ts";
