import type { SqlReader, SqlRow } from './database.ts'

/** As many as one statement names: always so many, so that there is one text of it, which is prepared once. */
const idsAtOnce = 50
/** No row has it. */
const nobody = -1

/** Asks for many ids with few statements; `sql` gets the list of places, and its rows come portion after portion. */
export async function readByIds(
  reader: SqlReader,
  ids: readonly number[],
  sql: (places: string) => string,
): Promise<readonly SqlRow[]> {
  const found: SqlRow[] = []
  for (const portion of inPortions(ids)) {
    const places = portion.map((_, at) => `$${at + 1}`).join(', ')
    found.push(...(await reader.all(sql(places), portion)))
  }
  return found
}

/** Portions of one size, the last filled up with an id that nobody has. */
export function inPortions(ids: readonly number[]): readonly (readonly number[])[] {
  const portions: (readonly number[])[] = []
  for (let start = 0; start < ids.length; start += idsAtOnce) {
    const part = ids.slice(start, start + idsAtOnce)
    portions.push([...part, ...Array.from({ length: idsAtOnce - part.length }, () => nobody)])
  }
  return portions
}
