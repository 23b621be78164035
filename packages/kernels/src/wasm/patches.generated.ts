/** @file A WebAssembly module as text. Generated: node scripts/run.mjs scripts/emit-kernels-wasm.ts */
import type { WasmModule } from "./module.ts";

/** 638 bytes. */
export const patchesModule: WasmModule<"gather" | "scatter"> = {
  text:
    "'}.}@}:('''(D)}-2}L}L}L}L}L}L}L}L}L}L}L'}-2}L}L}L}L}L}L}L}L}L}L}L')2((}:(}:)('}M}M+**)'(.;)-}4}.}A}5}2}?''.}@}0}.}A}A}2}?'(1}y+)}f)(/}LG,h(mG/G0m}>H9G)+g*gG*H2G(H5G.H3G0H4G9G2h'u}>G-G2G.}7u}>+gh(H3G.G0}9H42G3+g*gG5G4}7H7G2G-p+gG'G2G/}9}7H6G5G4h}=}>}7H8G5G8p+g*gG5G6$'''$2''G5h7}7H5G6h7}7H6G5G8p4'22G5G7p+g*gG5G6O'']''G5h+}7H5G6h+}7H6G5G7p4'22,G5G7p+g*gG5h']''G5h+}7H5G5G7p4'222G7H5G2G,}7H2G3h}L}7H3G34'22G*G+}7H*G(G1}7H(G)h}L}7H)G)4'222}[)(/}LG,h(mG/G0m}>H9G)+g*gG*H2G(H5G.H3G0H4G9G2h'u}>G-G2G.}7u}>+gh(H3G.G0}9H42G3+g*gG5G4}7H7G2G-p+gG'G2G/}9}7H6G5G4h}=}>}7H8G5G8p+g*gG6G6$'''G5$'''$~W($2''G5h7}7H5G6h7}7H6G5G8p4'22G5G7p+g*gG6G6$})''G5$})''$~W($}''''G5h+}7H5G6h+}7H6G5G7p4'22,2G7H5G2G,}7H2G3h}L}7H3G34'22G*G+}7H*G(G1}7H(G)h}L}7H)G)4'222",
};
