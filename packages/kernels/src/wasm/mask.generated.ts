/** @file A WebAssembly module as text. Generated: node scripts/run.mjs scripts/emit-kernels-wasm.ts */
import type { WasmModule } from "./module.ts";

/** 268 bytes. */
export const maskModule: WasmModule<"mask"> = {
  text:
    "'}.}@}:('''(0(}-,}L}L}L}L}J')2((}:(}:)('}M}M+*)('./(+}:}.}@}8''1~N((~K()(}L(}HG+$:H-G'G*h}I}>h)}A}7H,G'G,p+g*gG)G'$'''G-$~Y($3''''''''''''''''G($})''$}V($}v($~$($u$2''G'h7}7H'G)h7}7H)G(h+}7H(G'G,p4'22G,G*h*}>h)}A}7H,G'G,p+g*gG)G'$})''G-$~Y($3''''''''''''''''G(T''$8$~$($u$}''''G'h+}7H'G)h+}7H)G(h(}7H(G'G,p4'222",
};
