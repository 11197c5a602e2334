import type { SqlReader, SqlRow, SqlValue, SqlWriter } from './database.ts'

/** As many as one statement names: always so many, or one, so that there are two texts of it, which are prepared once. */
const idsAtOnce = 50
/** No row has it. */
const nobody = -1

const placesOf = (count: number): string =>
  Array.from({ length: count }, (_, at) => `$${at + 1}`).join(', ')
const manyPlaces = placesOf(idsAtOnce)
const onePlace = placesOf(1)

/** The text of a statement from the list of places of its ids, and the places of the other values. */
export type SqlByIds = (places: string, others: readonly string[]) => string

/** Asks for many ids with few statements; the rows come portion after portion. */
export async function readByIds(
  reader: SqlReader,
  ids: readonly number[],
  sql: SqlByIds,
  others: readonly SqlValue[] = [],
): Promise<readonly SqlRow[]> {
  const [first] = ids
  if (first !== undefined && ids.length === 1)
    return reader.all(textOf(sql, { places: onePlace, count: 1 }, others), [first, ...others])
  const found: SqlRow[] = []
  const text = textOf(sql, { places: manyPlaces, count: idsAtOnce }, others)
  for (const portion of inPortions(ids))
    found.push(...(await reader.all(text, [...portion, ...others])))
  return found
}

/** The same for a statement that writes. */
export async function writeByIds(
  tx: SqlWriter,
  ids: readonly number[],
  sql: SqlByIds,
  others: readonly SqlValue[] = [],
): Promise<void> {
  const text = textOf(sql, { places: manyPlaces, count: idsAtOnce }, others)
  for (const portion of inPortions(ids)) await tx.run(text, [...portion, ...others])
}

function textOf(
  sql: SqlByIds,
  { places, count }: { readonly places: string; readonly count: number },
  others: readonly SqlValue[],
): string {
  return sql(
    places,
    others.map((_, at) => `$${count + at + 1}`),
  )
}

/** Portions of one size, the last filled up with an id that nobody has. */
function inPortions(ids: readonly number[]): readonly (readonly number[])[] {
  const portions: (readonly number[])[] = []
  for (let start = 0; start < ids.length; start += idsAtOnce) {
    const part = ids.slice(start, start + idsAtOnce)
    portions.push([...part, ...Array.from({ length: idsAtOnce - part.length }, () => nobody)])
  }
  return portions
}
