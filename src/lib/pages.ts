/**
 * A walk over a list that is read in pages of at most `limit` rows, each after the last row of the one before; no page is empty.
 * A page that is not full is the last.
 */
export async function* pagesOf<Row>(
  limit: number,
  read: (last: Row | undefined) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[], void> {
  for (let last: Row | undefined; ;) {
    const page = await read(last)
    last = page.at(-1)
    if (last !== undefined) yield page
    if (page.length < limit) return
  }
}
