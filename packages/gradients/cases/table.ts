/** @file Writes docs/gradients.md from the programs that the tests run. */
import { allRules } from "../src/all-rules.ts";
import { allCases } from "./all-cases.ts";
import { golden } from "./golden.ts";

/** Kernels that no backend of tensorflow.js 4.22 has. Their rules cannot be run. */
export const unreachable: readonly string[] = ["BroadcastTo", "LogSoftmax"];

const backends = ["cpu", "wasm"] as const;

/** The highest order to which a program with this kernel is checked on a backend. */
function order(kernel: string, backend: string): string {
  const orders = Object.entries(allCases)
    .filter(([, { kernels, not = [] }]) => kernels.includes(kernel) && !not.includes(backend))
    .map(([name, { order: highest = 2 }]) => (golden.get(name)?.second ? highest : 1));
  return orders.length === 0 ? "-" : String(Math.max(...orders));
}

/** The whole page. */
export function gradientsPage(): string {
  const names = allRules.map((rule) => rule.kernelName).filter((name) => !unreachable.includes(name));
  const rows = [...names]
    .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map((kernel) => {
      const programs = Object.entries(allCases).filter(([, { kernels }]) => kernels.includes(kernel));
      const shown = programs.slice(0, 4).map(([name]) => name.replace("|", "\\|"));
      const more = programs.length > 4 ? `, and ${programs.length - 4} more` : "";
      return `| ${kernel} | ${backends.map((backend) => order(kernel, backend)).join(" | ")} | ${shown.join("; ")}${more} |`;
    });
  return `# Gradients, kernel by kernel

Each row is a kernel of tensorflow.js for which \`@nnxjs/gradients\` has a rule. A number says up to which order the kernel's
gradients are checked on that backend: 2 means gradients, and gradients of gradients. A dash means that the backend cannot run the
programs at all.

The checks compare small programs, with the kernel in them, with JAX in double precision, and count tensors, so that none is left
behind. JAX's numbers are checked against central differences when they are made. The values of the programs are compared too, with the
right kernels that \`mendKernels\` puts in the place of wrong ones.

Functions of \`@nnxjs/nnx\` install the rules on first use. Plain \`tf.grad\` does not, and fails with "gradient function not found":
call \`installGradients()\` first. Names that end in \`__op\` are operations whose gradients tensorflow.js itself defines by hand.

${Object.keys(allCases).length} programs, ${names.length} kernels and operations. Made by \`node scripts/run.mjs scripts/gradients-table.ts\`.

| kernel | ${backends.join(" | ")} | programs |
| --- | :-: | :-: | --- |
${rows.join("\n")}
`;
}
