/** @file How each node of a program is run. */
import {
  backendNow,
  type Fill,
  filledInfo,
  forgetData,
  type InstalledKernel,
  isAlive,
  isTensor,
  type KernelPlan,
  overwriting,
  readScalarOf,
  type ReplayBackend,
  runByEngine,
  runLoop,
  sameShape,
  type Tensor,
  type TensorInfo,
  tensorOfInfo,
  traced,
} from "../tensor.ts";
import { type HostValues, OtherWay } from "./host.ts";
import { isWrittenOver, type Overwrites, type WrittenOver } from "./overwrites.ts";
import type { LoopBody, ProgramNode, Slot, ValueInfo } from "./program.ts";

/** The values of a replay, by their slots. */
export type Values = (TensorInfo | undefined)[];

/** What a replay computes with. */
export interface State {
  readonly values: Values;
  readonly host: HostValues;
  /** The keys and numbers in the arguments. */
  readonly given: readonly unknown[];
  /** What is written over, by the result. */
  readonly over?: WrittenOver | undefined;
  /** What the loop gives that just ended. Its data have a reference for that. */
  left: readonly TensorInfo[];
  leftHost: readonly unknown[];
}

/** Runs one node. @returns `true` where it ended the block that it is in. */
export type Step = (state: State) => unknown;

/** What steps are made for. */
export interface Machine {
  readonly infos: readonly ValueInfo[];
  readonly backend: ReplayBackend;
  readonly kernels: ReadonlyMap<string, InstalledKernel>;
  readonly overwrites?: Overwrites;
}

/** The step for a node without blocks. */
export function stepFor(node: ProgramNode, { infos, backend, kernels, overwrites }: Machine): Step {
  const { work, inputs, outputs } = node;
  const count = inputs.length;
  const valuesOf = (values: Values): TensorInfo[] => {
    const given: TensorInfo[] = new Array(count);
    for (let i = 0; i < count; i++) given[i] = values[inputs[i] as Slot] as TensorInfo;
    return given;
  };
  const put = (values: Values, made: TensorInfo | readonly TensorInfo[]): void => {
    const own = (info: TensorInfo): TensorInfo => (isTensor(info) ? letGo(info, valuesOf(values)) : info);
    if (!Array.isArray(made)) values[outputs[0] as Slot] = own(made as TensorInfo);
    else for (let i = 0; i < outputs.length; i++) values[outputs[i] as Slot] = own(made[i] as TensorInfo);
  };
  switch (work.kind) {
    case "kernel": {
      const { name, names, attrs, needsEngine, renewal } = work;
      const attrsOf = (host: HostValues): object =>
        renewal === undefined ? attrs : (host.renewals[renewal] as object);
      if (needsEngine)
        return ({ values, host }) => put(values, byEngine(name, names, valuesOf(values), attrsOf(host)));
      const { kernelFunc } = kernels.get(name) as InstalledKernel;
      const groups = overwrites?.get(node);
      if (groups)
        return ({ values, host, over }) => {
          const which = groups.map((group) => over !== undefined && isWrittenOver(group, over));
          const own = which.includes(true) ? overwriting(attrsOf(host), which) : attrsOf(host);
          put(values, kernelFunc({ inputs: valuesOf(values), attrs: own, backend }));
          // These are inputs, which belong to others.
          if (over) for (const slot of outputs) if (over.has(slot)) values[slot] = undefined;
        };
      if (!names)
        return ({ values, host }) =>
          put(values, kernelFunc({ inputs: valuesOf(values), attrs: attrsOf(host), backend }));
      return ({ values, host }) => {
        const given: Record<string, TensorInfo> = {};
        for (let i = 0; i < count; i++) given[names[i] as string] = values[inputs[i] as Slot] as TensorInfo;
        put(values, kernelFunc({ inputs: given, attrs: attrsOf(host), backend }));
      };
    }
    case "loop": {
      const { shapes, from, renewal } = work;
      return ({ values, host }) => {
        let body: LoopBody = work;
        if (renewal !== undefined) body = host.renewals[renewal] as LoopBody;
        else if (from) body = { loop: from.make(host.values[from.host] as object), kernel: undefined };
        put(values, runLoop(backend, valuesOf(values), shapes, body.loop, body.kernel));
      };
    }
    case "call": {
      const { renewal } = work;
      const { shape } = infos[outputs[0] as Slot] as ValueInfo;
      return ({ values, host }) => {
        if (renewal === undefined) return put(values, work.run(valuesOf(values)) as TensorInfo);
        const made = (host.renewals[renewal] as typeof work.run)(valuesOf(values)) as TensorInfo;
        put(values, made);
        // What follows holds for this shape.
        if (!sameShape(made.shape, shape)) throw new OtherWay("host");
      };
    }
    case "fill": {
      const { from, renewal } = work;
      const { shape, dtype } = infos[outputs[0] as Slot] as ValueInfo;
      return ({ values, host }) => {
        let { fill } = work;
        if (renewal !== undefined) fill = host.renewals[renewal] as Fill;
        else if (from) fill = from.make(host.values[from.host] as object);
        put(values, filledInfo(backend, dtype as "float32", shape, fill));
      };
    }
    case "host":
    case "values": {
      const { shape, dtype } = infos[outputs[0] as Slot] as ValueInfo;
      return ({ values, host }) => {
        const given = work.kind === "host" ? host.values[work.host] : host.renewals[work.renewal];
        const numbers = (typeof given === "number" ? [given] : given) as ArrayLike<number>;
        put(
          values,
          filledInfo(backend, dtype as "float32", shape, (elements) => elements.set(numbers)),
        );
      };
    }
    case "stop": {
      const [test, ...given] = inputs as [Slot, ...Slot[]];
      return (state) => {
        const { values, host } = state;
        if (readScalarOf(values[test] as TensorInfo) !== 0) return false;
        state.left = given.map((slot) => values[slot] as TensorInfo);
        for (const { dataId } of state.left) backend.incRef(dataId);
        state.leftHost = work.host.map((slot) => host.values[slot]);
        return true;
      };
    }
    case "choice":
    case "repeat":
      throw new Error(`A node of the kind "${work.kind}" has blocks: code runs these.`);
    case "expect": {
      const { value } = work;
      const [input] = inputs as [Slot];
      return ({ values }) => {
        if (!Object.is(readScalarOf(values[input] as TensorInfo), value)) throw new OtherWay("bound");
      };
    }
    default:
      return work satisfies never;
  }
}

/** What was found out about a node. */
export interface PlannedNode {
  readonly plan: KernelPlan;
  /** The attributes that it holds for. */
  readonly attrs: object | undefined;
}

/**
 * The step for a node whose kernel may do no more than call WebAssembly functions: it says whether
 * that is so. Missing for other nodes.
 */
export function tracedStep(
  { work, inputs, outputs }: ProgramNode,
  { backend, kernels }: Machine,
): ((state: State) => PlannedNode | undefined) | undefined {
  let run: (
    from: object,
    given: readonly TensorInfo[],
    attrs: object | undefined,
  ) => TensorInfo | TensorInfo[];
  let renewal: number | undefined;
  let fixed: object | undefined;
  if (work.kind === "kernel" && !work.needsEngine) {
    const { name, names, attrs } = work;
    const { kernelFunc } = kernels.get(name) as InstalledKernel;
    ({ renewal } = work);
    fixed = attrs;
    run = (from, given, own) => {
      const named = names ? Object.fromEntries(names.map((key, i) => [key, given[i] as TensorInfo])) : given;
      return kernelFunc({ inputs: named, attrs: own, backend: from });
    };
  } else if (work.kind === "loop" && work.renewal === undefined && !work.from && work.kernel) {
    const { shapes, loop, kernel } = work;
    run = (from, given) => runLoop(from, given, shapes, loop, kernel);
  } else return undefined;
  return ({ values, host }) => {
    const given = inputs.map((slot) => values[slot] as TensorInfo);
    const attrs = renewal === undefined ? fixed : (host.renewals[renewal] as object);
    const { result, plan } = traced(backend, given, (from) => run(from, given, attrs));
    const made = Array.isArray(result) ? result : [result];
    outputs.forEach((slot, i) => {
      const info = made[i] as TensorInfo;
      values[slot] = isTensor(info) ? letGo(info, given) : info;
    });
    // Data that are two values of the program now may be different ones in another run.
    const isApart = given.every(({ dataId }, i) =>
      given.every((other, k) => other.dataId !== dataId || inputs[i] === inputs[k]),
    );
    return plan && isApart ? { plan, attrs } : undefined;
  };
}

/**
 * What a kernel made, for the program alone. Some kernels make a tensor of the engine, such as `Abs` on
 * cpu: it would be left, or freed with the scope around.
 * @param given - What the kernel got, which belongs to others. Steps of optimizers return it.
 */
function letGo(made: Tensor, given: readonly TensorInfo[]): TensorInfo {
  if (given.includes(made)) return made;
  const { dataId, shape, dtype } = made;
  backendNow().incRef(dataId);
  made.dispose();
  forgetData(dataId);
  return { dataId, shape, dtype };
}

/** Runs a kernel whose own code runs ops, which take tensors of the engine. */
function byEngine(
  name: string,
  names: readonly string[] | undefined,
  infos: readonly TensorInfo[],
  attrs: object,
): TensorInfo[] {
  const backend = backendNow();
  // Data that the engine knew before: a kernel may return its input.
  const known = new Set(infos.map(({ dataId }) => dataId).filter(isAlive));
  const used = new Set(infos.map(({ dataId }) => dataId));
  const given = infos.map((info) => {
    backend.incRef(info.dataId);
    return tensorOfInfo(info);
  });
  try {
    const inputs = names ? Object.fromEntries(names.map((key, i) => [key, given[i] as Tensor])) : given;
    return runByEngine(name, inputs, attrs).map((tensor) => {
      // The tensor is let go, its data stay.
      backend.incRef(tensor.dataId);
      const { dataId, shape, dtype } = tensor;
      tensor.dispose();
      used.add(dataId);
      return { dataId, shape, dtype };
    });
  } finally {
    for (const tensor of given) tensor.dispose();
    for (const dataId of used) if (!known.has(dataId)) forgetData(dataId);
  }
}
