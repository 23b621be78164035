// What a page runs at once; `start-later.ts` puts it into the page. The page can be read and followed
// without its program. Wide pages show more than their HTML has, so theirs starts when they are there.
// Others start theirs at the reader's first touch, and do then what was asked for.
(() => {
  const { program, parts } = document.currentScript.dataset;
  const kinds = ["focusin", "keydown", "pointerdown", "pointerover", "touchstart", "wheel"];
  let asked;
  const held = ["click", "keydown"];
  const release = () => {
    for (const kind of held) removeEventListener(kind, hold, true);
  };
  const start = () => {
    for (const kind of kinds) removeEventListener(kind, start, true);
    // Without a network the page stays what its HTML is.
    import(program).catch(release);
  };
  const hold = (event) => {
    const { type, target, key, ctrlKey, metaKey } = event;
    const isShortcut = key === "/" || (key === "k" && (ctrlKey || metaKey));
    if (type === "click" ? !target.closest("button") : !isShortcut) return;
    event.preventDefault();
    event.stopPropagation();
    asked = () => (type === "click" ? target.click() : target.dispatchEvent(new KeyboardEvent(type, event)));
  };
  for (const kind of held) addEventListener(kind, hold, true);
  addEventListener("nnxjs-started", () => {
    release();
    asked?.();
  });
  if (matchMedia("(min-width: 1280px)").matches) {
    addEventListener("DOMContentLoaded", start);
    return;
  }
  for (const kind of kinds) addEventListener(kind, start, { capture: true, passive: true });
  // Fetched when there is nothing else to do, so that the first touch waits for no network.
  addEventListener("load", () =>
    (window.requestIdleCallback ?? setTimeout)(() => {
      for (const href of [program, ...parts.split(" ")])
        document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href }));
    }),
  );
})();
