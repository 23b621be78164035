export { CheckpointError } from "./errors.ts";
export type { FileDtype } from "./format/dtypes.ts";
export { Checkpoint, type LeafInfo, open } from "./read/checkpoint.ts";
export { fromBytes } from "./read/from-bytes.ts";
export type { CheckpointSource } from "./read/open-files.ts";
export { restore, type RestoreOptions, type Skipped } from "./read/restore.ts";
export type { FileReading, FileWriting, StorageFile, StorageFolder } from "./storage/storage.ts";
export type { LeafKind } from "./values/description.ts";
export { save, type SaveOptions, toBytes, type ToBytesOptions } from "./write/save.ts";
