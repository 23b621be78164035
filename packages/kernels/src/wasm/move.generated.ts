/** @file A WebAssembly module as text. Generated: node scripts/run.mjs scripts/emit-kernels-wasm.ts */
import type { WasmModule } from "./module.ts";

/** 1038 bytes. */
export const moveModule: WasmModule<"copy4" | "copy1"> = {
  text:
    "'}.}@}:('''(>)}-/}L}L}L}L}L}L}L}L'}-/}L}L}L}L}L}L}L}L')2((}:(}:)('}M}M+**)'(.8),}0}<}=}F['',}0}<}=}FX'(1~8.)}Q-*,}L0}H*}LG*h+mG.h+m}>+gG)h*q+g*gG'H/G(H0G,h)}CH2G2h'q+g*gG/G-h'}9}7$'''H5G/G-h(}9}7$'''H6G/G-h)}9}7$'''H7G/G-h*}9}7$'''H8G5G6$4'()*789:+,-.;<=>H9G7G8$4'()*789:+,-.;<=>H:G5G6$4/012?@AB3456CDEFH;G7G8$4/012?@AB3456CDEFH<G0G+h'}9}7G9G:$4'()*+,-.789:;<=>$2''G0G+h(}9}7G9G:$4/0123456?@ABCDEF$2''G0G+h)}9}7G;G<$4'()*+,-.789:;<=>$2''G0G+h*}9}7G;G<$4/0123456?@ABCDEF$2''G/G-h)}A}7H/G0h7}7H0G2h}L}7H2G2h'q4'22G,h*}>H2G2h'q+g*gG/H=G0H>h+H?G?h'q+g*gG>G=O'']''G=G*}7H=G>G+}7H>G?h}L}7H?G?h'q4'22G/G-}7H/G0G.}7H0G2h}L}7H2G2h'q4'22G'h7}7H'G(G+h)}A}7H(G)h}I}7H)G)h*q4'222G)H3G3h'q+g*gG'H/G(H0G,H2G-h+mG.h+m}>+gG/G,h+}9h}=}>}7H1G/G1p+g*gG0G/$'''$2''G/h7}7H/G0h7}7H0G/G1p4'22G,h*}>H2,G-lG.h+m}>+gG/$0''H4G0G,h)}Ah}=}>}7H1G0G1p+g*gG0G4$2''G0h7}7H0G0G1p4'22G,h*}>H222G2h'q+g*gG0G/O'']''G/G-}7H/G0G.}7H0G2h}L}7H2G2h'q4'22G'G*}7H'G(G+}7H(G3h}L}7H3G3h'q4'222~/(),}L(}HG)H3G3h'q+g*gG'H/G(H0G,H2G-h(mG.h(m}>+gG/G,h(}9h}=}>}7H1G/G1p+g*gG0G/$'''$2''G/h7}7H/G0h7}7H0G/G1p4'22G,h6}>H22G2h'q+g*gG0G/T''a''G/G-}7H/G0G.}7H0G2h}L}7H2G2h'q4'22G'G*}7H'G(G+}7H(G3h}L}7H3G3h'q4'222",
};
