/** What a process takes after a step. */
export interface MemoryUse {
  readonly step: number;
  readonly tensors: number;
  /** Of tensors. */
  readonly bytes: number;
  /** Size of the wasm heap in bytes; 0 on cpu. */
  readonly wasmHeap: number;
  /** Where in it a MiB in one piece is free: above all that is in use. */
  readonly wasmTop: number;
  /** Bytes of JavaScript objects. */
  readonly heap: number;
  /** Bytes of typed arrays. */
  readonly buffers: number;
}
