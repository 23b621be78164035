/** @file A WebAssembly module as text. Generated: node scripts/run.mjs scripts/emit-kernels-wasm.ts */
import type { WasmModule } from "./module.ts";

/** 1138 bytes. */
export const emaStepModule: WasmModule<"update" | "finish" | "decay"> = {
  text:
    "'}.}@}:('''(H*}-.}L}L}L}L}L}L}L'}-/}L}L}L}L}L}L}L}L'}-/}L}L}L}L}L}L}L}L')2((}:(}:)('}M}M+*+*'().B*-}B}=}1}.}A}2''-}3}6};}6}@}5'(,}1}2}0}.}F')1}a/*}x))+}L-}HG,$0''H4G,$0'+H5G,$0'/H6G)H.G*H/G'G+h)}Ch+}A}7H0*gG'G0p+g*gG'$'''H2G($'''H3G.G3G4$~Y(G2G5$~Y($~W(I7G6$~Y($2''G/G7$2''G'h7}7H'G(h7}7H(G.h7}7H.G/h7}7H/G'G0p4'22G1+gG)G-hG}7G+h*}>h)}A#1''G*G-hW}7G+h*}>h)}A#1''h'H1,G+h*}>+gG.H)G-hG}7H.G/H*G-hW}7H/G-h'}7G'G+h*}>h)}A#1''G-h'}7H'G-h7}7G(G+h*}>h)}A#1''G-h7}7H(G'h7}7H0h(H122G14'22~[))+}L/}HG-$0''H6G-$0'+H7G-$0'/H8G-$0'3H9G*H/G+H0G'G,h)}Ch+}A}7H1*gG'G1p+g*gG'$'''H3G($'''H4G)$'''H5G/G3G5G6$~Y(G4G7$~Y($~W(I:G8$~Y(G9$~Y($~W($2''G0G:$2''G'h7}7H'G(h7}7H(G)h7}7H)G/h7}7H/G0h7}7H0G'G1p4'22G2+gG*G.hW}7G,h*}>h)}A#1''G+G.h~3'}7G,h*}>h)}A#1''h'H2,G,h*}>+gG/H*G.hW}7H/G0H+G.h~3'}7H0G.h'}7G'G,h*}>h)}A#1''G.h'}7H'G.h7}7G(G,h*}>h)}A#1''G.h7}7H(G.hG}7G)G,h*}>h)}A#1''G.hG}7H)G'h7}7H1h(H222G24'22~m))+}L0}HG-$0''H6G-$0'+H7G-$0'/H8G-$0'3H9G-$0'7H:G*H/G+H0G'G,h)}Ch+}A}7H1*gG'G1p+g*gG'$'''H3G($'''H4G)$'''H5G/G3G5G6$~Y(G4G7$~Y($~W(I;G8$~Y(G3G:$~Y($~W(G9$~Y($~W($2''G0G;$2''G'h7}7H'G(h7}7H(G)h7}7H)G/h7}7H/G0h7}7H0G'G1p4'22G2+gG*G.hW}7G,h*}>h)}A#1''G+G.h~3'}7G,h*}>h)}A#1''h'H2,G,h*}>+gG/H*G.hW}7H/G0H+G.h~3'}7H0G.h'}7G'G,h*}>h)}A#1''G.h'}7H'G.h7}7G(G,h*}>h)}A#1''G.h7}7H(G.hG}7G)G,h*}>h)}A#1''G.hG}7H)G'h7}7H1h(H222G24'22",
};
