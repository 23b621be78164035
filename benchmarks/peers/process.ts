/** @file The process of a peer, seen from the outside. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import {
  ANSWERS,
  type Failed,
  type Measured,
  type Measure,
  type Prepare,
  type Prepared,
  type Request,
} from "./messages.ts";
import { type Peer, pinned } from "./peers.ts";

/** Starts a peer, and asks it one thing at a time. */
export class PeerProcess {
  readonly peer: Peer;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #errors = "";

  constructor(peer: Peer) {
    this.peer = peer;
    const [program, ...args] = pinned(peer.command) as [string, ...string[]];
    this.#child = spawn(program, args, { stdio: ["pipe", "ignore", "pipe", "pipe"] });
    this.#child.stderr!.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-2000);
    });
    const input = this.#child.stdio[ANSWERS] as Readable;
    this.#answers = createInterface({ input })[Symbol.asyncIterator]();
  }

  async #answer(): Promise<object> {
    const { done, value } = await this.#answers.next();
    if (done) throw new Error(`${this.peer.name}: its process ended. It wrote:\n${this.#errors}`);
    return JSON.parse(value) as object;
  }

  /** Waits until the library is loaded. */
  async ready(): Promise<void> {
    await this.#answer();
  }

  async ask(request: Prepare): Promise<Prepared | Failed>;
  async ask(request: Measure): Promise<Measured | Failed>;
  async ask(request: Request): Promise<object> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    return this.#answer();
  }

  /** Ends the process. */
  close(): void {
    this.#child.kill();
  }
}
