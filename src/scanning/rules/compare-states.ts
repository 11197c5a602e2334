/** What became of one key between two states; undefined where the state has no record of it. */
export interface StateStep<Before, After> {
  readonly key: string
  readonly before: Before | undefined
  readonly after: After | undefined
}

interface Keyed {
  readonly key: string
}

/** Every key of either state, in byte order, with what each state has; both must come in that order. One of each is in memory. */
export async function* compareStates<Before extends Keyed, After extends Keyed>(
  older: AsyncIterable<Before>,
  newer: AsyncIterable<After>,
): AsyncGenerator<StateStep<Before, After>> {
  const left = older[Symbol.asyncIterator]()
  const right = newer[Symbol.asyncIterator]()
  try {
    let [old, now] = [await nextOf(left), await nextOf(right)]
    while (old !== undefined || now !== undefined) {
      const order = orderOf(old, now)
      const before = order <= 0 ? old : undefined
      const after = order >= 0 ? now : undefined
      yield { key: (before ?? after)?.key ?? '', before, after }
      if (order <= 0) old = await nextOf(left)
      if (order >= 0) now = await nextOf(right)
    }
  } finally {
    await left.return?.()
    await right.return?.()
  }
}

/** Below 0 where the older state is to be taken alone, above 0 where the newer one is, 0 for both. */
function orderOf(old: Keyed | undefined, now: Keyed | undefined): number {
  if (old === undefined) return 1
  if (now === undefined || old.key < now.key) return -1
  return old.key === now.key ? 0 : 1
}

async function nextOf<T>(iterator: AsyncIterator<T>): Promise<T | undefined> {
  const step = await iterator.next()
  return step.done === true ? undefined : step.value
}
