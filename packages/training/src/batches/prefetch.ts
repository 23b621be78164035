/** @file Asking for results before they are needed. */

/**
 * What a generator gives, asked for up to `ahead` results early.
 * @param discard - Gets each result that nobody takes, since the loop was left.
 */
export async function* prefetched<T>(
  results: AsyncGenerator<T, void, undefined>,
  ahead: number,
  discard: (result: T) => void,
): AsyncGenerator<T, void, undefined> {
  const open: Promise<IteratorResult<T, void>>[] = [];
  const ask = (): void => {
    const next = results.next();
    // Whoever takes it gets its error; until then it is no news.
    next.catch(() => {});
    open.push(next);
  };
  try {
    for (;;) {
      while (open.length <= ahead) ask();
      const { done, value } = await open.shift()!;
      if (done === true) return;
      yield value;
    }
  } finally {
    const end = results.return().catch(() => {});
    // A source may take its time over what is still open: the loop does not wait for it.
    const rest = Promise.all(
      open.map((next) =>
        next.then(
          ({ done, value }) => void (done === true || discard(value)),
          () => {},
        ),
      ),
    );
    if (open.length === 0) await end;
    else void rest;
  }
}
