/** @file A WebAssembly module as text. Generated: node scripts/run.mjs scripts/emit-kernels-wasm.ts */
import type { WasmModule } from "./module.ts";

/** 973 bytes. */
export const bitsModule: WasmModule<"select" | "isTrue" | "and" | "or" | "not"> = {
  text:
    "'}.}@}:('''(J,}-,}L}L}L}L}L'}-*}L}L}L'}-+}L}L}L}L'}-+}L}L}L}L'}-*}L}L}L')2((}:(}:)('}M}M+*-,'()*+.K,-}@}2}9}2}0}A''-}6}@{}?}B}2'(*}.};}1'))}<}?'**};}<}A'+1~U-,~,()(}H(}LG++g*gG+h*rH-G-+gG'$})''$}V($}v(H,,G'T''$8H,2G,h'$8$_H,G-+gG*G($'''G)$'''G,$y$2''G'h+}7H'G(h7}7H(G)h7}7H)G*h7}7H*G+h}I}7H+,G*G($})''G)$})''G,$y$}''''G'h(}7H'G(h+}7H(G)h+}7H)G*h+}7H*G+h}L}7H+2G+4'222}t(()}HG)h*r+g*gG'$'''j''''$:$ih($8$uH*G*G*$}R(H+G(G+G+$}2$}''''G'h7}7H'G(h+}7H(G)h}I}7H)G)h*r4'22G)+g*gG'$})''j''''$:$ih($8$uH*G*G*$}R(H+G(G+G+$}2$='a''G'h+}7H'G(h(}7H(G)h}L}7H)G)4'222~1(()}HG*h6r+g*gG'$'''H+G($'''H,G)G+h'$6$JG,h'$6$J$w$th($6$u$2''G'h7}7H'G(h7}7H(G)h7}7H)G*h}=}7H*G*h6r4'22G*+g*gG'T''$6H+G(T''$6H,G)G+h'$6$JG,h'$6$J$w$th($6$u$='a''G'h(}7H'G(h(}7H(G)h(}7H)G*h}L}7H*G*4'222~%(()}HG*h6r+g*gG'$'''H+G($'''H,G)G+G,$wh'$6$J$th($6$u$2''G'h7}7H'G(h7}7H(G)h7}7H)G*h}=}7H*G*h6r4'22G*+g*gG'T''$6H+G(T''$6H,G)G+G,$wh'$6$J$th($6$u$='a''G'h(}7H'G(h(}7H(G)h(}7H)G*h}L}7H*G*4'222}T(((}HG)h6r+g*gG'$'''H*G(G*h'$6$Jh($6$u$2''G'h7}7H'G(h7}7H(G)h}=}7H)G)h6r4'22G)+g*gG'T''$6H*G(G*h'$6$Jh($6$u$='a''G'h(}7H'G(h(}7H(G)h}L}7H)G)4'222",
};
