/** @file Says what the figures were measured on. */
import { arch, cpus, loadavg } from "node:os";
import { core } from "../peers/peers.ts";

/** The machine, the programs, and how busy the machine is. */
export function machine(): Record<string, string> {
  const all = cpus();
  return {
    machine: `${all.length} × ${all[0]?.model ?? arch()}`,
    node: `${process.version} (V8 ${process.versions.v8})`,
    core: core === undefined ? "not pinned: no taskset" : `all peers on core ${core}`,
    load: loadavg()
      .map((x) => x.toFixed(1))
      .join(", "),
    date: new Date().toISOString(),
  };
}
