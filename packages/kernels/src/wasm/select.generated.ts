/** @file A WebAssembly module as text. Generated: node scripts/run.mjs scripts/emit-kernels-wasm.ts */
import type { WasmModule } from "./module.ts";

/** 412 bytes. */
export const selectModule: WasmModule<"select"> = {
  text:
    "'}.}@}:('''(7(}-3}L}L}L}L}L}L}L}L}L}L}L}L')2((}:(}:)('}M}M+*)('.1(-}@}2}9}2}0}A''1~U)(~R))+}L*}HG/+g*gG'H3G(H4G)H5G,l+gG3T''$8$3''''''''''''''''$^$tH72G-l+gG4$0''H82G.l+gG5$0''H92G*G+h}I}>h)}A}7H6G*G6p+g*gG,+gG3$})''$}V($}v($3''''''''''''''''$^$tH7G3h+}7H32G-+gG4$'''H8G4h7}7H42G.+gG5$'''H9G5h7}7H52G*G8G9G7$y$2''G*h7}7H*G*G6p4'22G6G+h*}>h)}A}7H6G*G6p+g*gG3T''+gG*G4O'']'',G*G5O'']''2G3G,}7H3G4G-}7H4G5G.}7H5G*h+}7H*G*G6p4'22G'G0}7H'G(G1}7H(G)G2}7H)G/h}L}7H/G/4'222",
};
