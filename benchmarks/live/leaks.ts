/** @file What the page and its worker hold while they train for long. */
import type { Browser, CDPSession, Page } from "playwright-core";
import { openPage } from "../../examples/live/test/page.ts";
import { Training } from "./training.ts";

const SAMPLES = 20;
const MB = 1e6;

/** The worker, spoken to through the page: playwright has no session of its own for it. */
class WorkerSession {
  private readonly session: CDPSession;
  private readonly id: string;
  private count = 0;
  private readonly waiting = new Map<number, (result: unknown) => void>();

  private constructor(session: CDPSession, id: string) {
    this.session = session;
    this.id = id;
    session.on("Target.receivedMessageFromTarget", ({ message }) => {
      const { id: answered, result } = JSON.parse(message) as { id?: number; result?: unknown };
      if (answered !== undefined) this.waiting.get(answered)?.(result);
    });
  }

  static async of(session: CDPSession): Promise<WorkerSession> {
    const attached = new Promise<string>((resolve) =>
      session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
        if (targetInfo.type === "worker") resolve(sessionId);
      }),
    );
    const options = { autoAttach: true, waitForDebuggerOnStart: false, flatten: false };
    await session.send("Target.setAutoAttach", options);
    return new WorkerSession(session, await attached);
  }

  async send<R>(method: string): Promise<R> {
    const id = ++this.count;
    const result = new Promise<unknown>((resolve) => this.waiting.set(id, resolve));
    const message = JSON.stringify({ id, method });
    await this.session.send("Target.sendMessageToTarget", { message, sessionId: this.id });
    return (await result) as R;
  }
}

interface Heap {
  readonly usedSize: number;
}

interface Sample {
  readonly at: number;
  readonly step: number;
  readonly tensors: number;
  readonly bytes: number;
  readonly moments: number;
  readonly pageHeap: number;
  readonly workerHeap: number;
  readonly nodes: number;
  readonly listeners: number;
}

async function sample(page: Page, session: CDPSession, worker: WorkerSession, at: number): Promise<Sample> {
  const training = new Training(page);
  // Twice, since finalizers free more.
  for (let i = 0; i < 2; i++) {
    await session.send("HeapProfiler.collectGarbage");
    await worker.send("HeapProfiler.collectGarbage");
    await page.waitForTimeout(300);
  }
  const { usedSize: pageHeap } = await session.send("Runtime.getHeapUsage");
  const { usedSize: workerHeap } = await worker.send<Heap>("Runtime.getHeapUsage");
  const { nodes, jsEventListeners: listeners } = await session.send("Memory.getDOMCounters");
  return {
    at,
    step: await training.step(),
    ...(await training.memory()),
    pageHeap,
    workerHeap,
    nodes,
    listeners,
  };
}

const line = ({
  at,
  step,
  tensors,
  bytes,
  moments,
  pageHeap,
  workerHeap,
  nodes,
  listeners,
}: Sample): string =>
  [
    at.toFixed(0),
    step,
    tensors,
    (bytes / MB).toFixed(1),
    moments,
    (pageHeap / MB).toFixed(2),
    (workerHeap / MB).toFixed(2),
    nodes,
    listeners,
  ].join(" | ");

export async function leaks(browser: Browser, address: string, seconds: number): Promise<void> {
  const { page } = await openPage(browser, address);
  const session = await page.context().newCDPSession(page);
  const training = new Training(page);
  await training.atFullSpeed();
  // Until the curves are full, and moments have gone for the first time.
  await training.reach(1000);
  const worker = await WorkerSession.of(session);
  const start = performance.now();
  console.log(
    "s | step | tensors | MB | kept moments | heap of the page, MB | of the worker, MB | nodes | listeners",
  );
  for (let i = 0; i <= SAMPLES; i++) {
    const due = start + (1000 * seconds * i) / SAMPLES;
    await page.waitForTimeout(Math.max(0, due - performance.now()));
    console.log(`| ${line(await sample(page, session, worker, (performance.now() - start) / 1000))} |`);
  }
}
