/** @file A WebAssembly module as text. Generated: node scripts/run.mjs scripts/emit-kernels-wasm.ts */
import type { WasmModule } from "./module.ts";

/** 708 bytes. */
export const rowsModule: WasmModule<"take" | "add"> = {
  text:
    "'}.}@}:('''(>)}-/}L}L}L}L}L}L}L}L'}-/}L}L}L}L}L}L}L}L')2((}:(}:)('}M}M+**)'(.5)+}A}.}8}2''*}.}1}1'(1%+)}x)(+}LG*h'q+g*gG(O''H/G/h'o+gG/G-}7H/2G/G,p+gG'G/G+}9h)}A}7H0G)G+h}I}>h)}A}7H2G)G2p+g*gG)G0$'''$2''G)h7}7H)G0h7}7H0G)G2p4'22G2G+h*}>h)}A}7H2G)G2p+g*gG)G0O'']''G)h+}7H)G0h+}7H0G)G2p4'22,G)G+h}I}>h)}A}7H2G)G2p+g*gG)G.$8$2''G)h7}7H)G0h7}7H0G)G2p4'22G2G+h*}>h)}A}7H2G)G2p+g*gG)G.]''G)h+}7H)G0h+}7H0G)G2p4'222G(h+}7H(G*h}L}7H*G*h'q4'222~A)(+}LG)H1G1G,G+}9h}I}>h)}A}7H2G1G2p+g*gG1h'$8$2''G1h7}7H1G0h7}7H0G1G2p4'22G2G,G+}9h*}>h)}A}7H2G1G2p+g*gG1h']''G1h+}7H1G0h+}7H0G1G2p4'22G*h'q+g*gG(O''H/G/h'o+gG/G-}7H/2G/G,p+gG)G/G+}9h)}A}7H1G1G+h}I}>h)}A}7H2G1G2p+g*gG1G1$'''G'$'''$~W($2''G1h7}7H1G'h7}7H'G1G2p4'22G2G+h*}>h)}A}7H2G1G2p+g*gG1G1Q''G'Q''}__''G1h+}7H1G'h+}7H'G1G2p4'22,G'G+h)}A}7H'2G(h+}7H(G*h}L}7H*G*h'q4'222",
};
