/** @file A WebAssembly module as text. Generated: node scripts/run.mjs scripts/emit-kernels-wasm.ts */
import type { WasmModule } from "./module.ts";

/** 972 bytes. */
export const signStepModule: WasmModule<"update" | "finish" | "decay"> = {
  text:
    "'}.}@}:('''(B*}-,}L}L}L}L}L'}--}L}L}L}L}L}L'}--}L}L}L}L}L}L')2((}:(}:)('}M}M+*+*'().B*-}B}=}1}.}A}2''-}3}6};}6}@}5'(,}1}2}0}.}F')1~g-*~j()*}L(}HG(H,G'G)h)}Ch+}A}7H-*gG'G-p+g*gG'$'''H/G,$3''}Mf''}Mf''}Mf''}Mf$3''}M~2''}M~2''}M~2''}M~2G/G/$3''''''''''''''''$j$yG/$3''''''''''''''''$k$y$2''G'h7}7H'G,h7}7H,G'G-p4'22G.+gG(G+h7}7G)h*}>h)}A#1''h'H.,G)h*}>+gG,H(G+h7}7H,G+h'}7G'G)h*}>h)}A#1''G+h'}7H'G'h7}7H-h(H.22G.4'22~%))*}L*}HG+$0''H2G)H-G'G*h)}Ch+}A}7H.*gG'G.p+g*gG'$'''H0G($'''H1G-G0$3''}Mf''}Mf''}Mf''}Mf$3''}M~2''}M~2''}M~2''}M~2G1G1$3''''''''''''''''$j$yG1$3''''''''''''''''$k$yG2$~Y($~W($2''G'h7}7H'G(h7}7H(G-h7}7H-G'G.p4'22G/+gG)G,hG}7G*h*}>h)}A#1''h'H/,G*h*}>+gG-H)G,hG}7H-G,h'}7G'G*h*}>h)}A#1''G,h'}7H'G,h7}7G(G*h*}>h)}A#1''G,h7}7H(G'h7}7H.h(H/22G/4'22~7))*}L+}HG+$0''H2G+$0'+H3G)H-G'G*h)}Ch+}A}7H.*gG'G.p+g*gG'$'''H0G($'''H1G-G0$3''}Mf''}Mf''}Mf''}Mf$3''}M~2''}M~2''}M~2''}M~2G1G1$3''''''''''''''''$j$yG1$3''''''''''''''''$k$yG0G3$~Y($~W(G2$~Y($~W($2''G'h7}7H'G(h7}7H(G-h7}7H-G'G.p4'22G/+gG)G,hG}7G*h*}>h)}A#1''h'H/,G*h*}>+gG-H)G,hG}7H-G,h'}7G'G*h*}>h)}A#1''G,h'}7H'G,h7}7G(G*h*}>h)}A#1''G,h7}7H(G'h7}7H.h(H/22G/4'22",
};
