/** @file Keys in a run that is recorded: they are made anew each time the run is played. */
import { type MadeFrom, recorder } from "@nnxjs/kernels/internal";
import { noteDraw, registerHostData } from "@nnxjs/nnx-core/internal";
import { observeKeys, open } from "./keys/derivations.ts";
import { keyFromWords, ownKey, PRNGKey, wordsOf } from "./keys/prng-key.ts";

observeKeys({
  // The recorder calls `make` with keys only.
  derived: (made, from, make) => recorder?.derived(made, from, make as (from: object) => object),
  opened(key) {
    recorder?.opened(key);
    noteDraw();
  },
});

/**
 * A fingerprint is made of the words: who reads it, reads these. Until the run ends, it is not
 * enumerable: what walks through the parts of results, as tensorflow.js does, would read it.
 * @returns a function that makes it an ordinary property again.
 */
function watchFingerprint(key: PRNGKey): () => void {
  const known = Object.getOwnPropertyDescriptor(key, "fingerprint");
  if (!known || known.get) return () => undefined;
  const { fingerprint } = key;
  Object.defineProperty(key, "fingerprint", {
    enumerable: false,
    get: () => {
      open(key);
      return fingerprint;
    },
  });
  return () => {
    Object.defineProperty(key, "fingerprint", known);
  };
}

registerHostData({
  isKind: (x): x is PRNGKey => PRNGKey.isKey(x),
  copy: (key) => keyFromWords("clone", wordsOf(ownKey("clone", key)), key.shape),
  watch: watchFingerprint,
});

/** A function that depends on a key, and how it is made of another key. */
export const madeFromKey = <F>(from: PRNGKey, make: (from: PRNGKey) => F): MadeFrom<F> => ({
  from,
  // The recorder calls it with keys only.
  make: make as (from: object) => F,
});
