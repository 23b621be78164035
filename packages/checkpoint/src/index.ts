export {
  Checkpointer,
  type CheckpointerOptions,
  type Metrics,
  type SaveStepOptions,
} from "./checkpointer.ts";
export { CheckpointError } from "./errors.ts";
export type { FileDtype, TensorForm } from "./format/dtypes.ts";
export { Checkpoint, type LeafInfo, open } from "./read/checkpoint.ts";
export { fromBytes } from "./read/from-bytes.ts";
export type { CheckpointSource } from "./read/open-files.ts";
export { restore, type RestoreOptions, type Skipped } from "./read/restore.ts";
export { indexedDb, indexedDbDirectory } from "./storage/indexed-db.ts";
export { opfs, opfsDirectory } from "./storage/opfs.ts";
export type {
  BlobLike,
  Bytes,
  FileReading,
  FileWriting,
  StorageFile,
  StorageFolder,
  UrlLike,
} from "./storage/storage.ts";
export {
  fromTransferable,
  type StateMessage,
  toTransferable,
  type TransferableOptions,
  type TransferableState,
} from "./transfer/transfer.ts";
export type { LeafDescription, LeafKind, TreePart } from "./values/description.ts";
export { save, type SaveOptions, toBytes, type ToBytesOptions } from "./write/save.ts";
