/**
 * @file A program: what a run computed, as a list of nodes in the order of the run. It does not
 * depend on how it is played.
 */
import type { Path } from "../path.ts";
import type { ComputeCall, ElementKernel, Fill, FusedLoop, Tensor } from "../tensor.ts";
import type { HostSlot, HostWork } from "./host.ts";

/** The number of a value that a program computes with. */
export type Slot = number;

/** The number of something that a section of host code makes anew for each replay. */
export type Renewal = number;

/** Shape and dtype of a value. */
export interface ValueInfo {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A loop of the library's over elements. */
export interface LoopBody {
  readonly loop: FusedLoop;
  readonly kernel: ElementKernel | undefined;
}

/** How something is made of a value of the host, such as a key. */
export interface FromHost<F> {
  readonly host: HostSlot;
  readonly make: (value: object) => F;
}

/** What a node does. */
export type Work =
  | {
      readonly kind: "kernel";
      readonly name: string;
      /** The names of the inputs; missing where the kernel takes a list. */
      readonly names: readonly string[] | undefined;
      readonly attrs: object;
      /** Whether the kernel's own code runs ops, so that it needs the engine. */
      readonly needsEngine: boolean;
      /** The attributes, if host code computes them anew. */
      readonly renewal: Renewal | undefined;
    }
  | ({
      readonly kind: "loop";
      readonly shapes: readonly (readonly number[])[];
      readonly from: FromHost<FusedLoop> | undefined;
      readonly renewal: Renewal | undefined;
    } & LoopBody)
  | {
      readonly kind: "fill";
      readonly fill: Fill;
      readonly from: FromHost<Fill> | undefined;
      readonly renewal: Renewal | undefined;
    }
  /** A kernel that the library calls past the engine. */
  | {
      readonly kind: "call";
      readonly run: ComputeCall["run"];
      readonly batch: ComputeCall["batch"];
      readonly renewal: Renewal | undefined;
    }
  /** Numbers of the host in a tensor. */
  | { readonly kind: "host"; readonly host: HostSlot }
  /** Values that host code computes anew. */
  | { readonly kind: "values"; readonly renewal: Renewal };

/** One step of a program. */
export interface ProgramNode {
  readonly work: Work;
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
  /** The module whose method asked for it; missing where none ran, as in backward passes. */
  readonly path: Path | undefined;
}

/** A value that is another one in another shape: no kernel runs for it. */
export interface View {
  readonly slot: Slot;
  readonly of: Slot;
}

/** Values that are the same in each replay. */
export interface Constant {
  readonly slot: Slot;
  /** Belongs to the program. */
  readonly tensor: Tensor;
  /** The values, where they are few and known. */
  readonly values: readonly number[] | undefined;
  /** What prints say of it. */
  readonly note?: string | undefined;
}

/** What passes work on. */
export interface Graph {
  readonly nodes: readonly ProgramNode[];
  readonly views: readonly View[];
  readonly constants: readonly Constant[];
  /** Values that the results are made of. */
  readonly outputs: readonly Slot[];
}

/** What a run computed. */
export interface Program extends Graph {
  /** How many of the first slots are inputs. */
  readonly inputCount: number;
  readonly infos: readonly ValueInfo[];
  readonly host: readonly HostWork[];
  readonly renewals: number;
  readonly backend: string;
}
