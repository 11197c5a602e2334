import {
  bytes,
  integer,
  integerOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { insertRows } from '../storage/database/many-rows.ts'
import { blockOf, readCounts, setsInBlock, withCounts } from './rules/count-block.ts'
import { countNames, type FindingCounts } from './rules/finding-counts.ts'

/** Undefined where the set is not counted yet. */
export async function findSetCounts(
  reader: SqlReader,
  setId: number,
): Promise<FindingCounts | undefined> {
  const { block, place } = blockOf(setId)
  const row = await findBlock(reader, block)
  const numbers = row === undefined ? undefined : readCounts(row, place)
  return countsOf(numbers ?? (await findOlderCounts(reader, setId)))
}

async function findBlock(reader: SqlReader, block: number): Promise<Uint8Array | undefined> {
  const row = await reader.first('SELECT counts FROM set_count_blocks WHERE block = $1', [block])
  return row === undefined ? undefined : bytes(row, 'counts')
}

/** Of a row of the time before blocks, which `moveOlderCounts` has not met yet. */
async function findOlderCounts(
  reader: SqlReader,
  setId: number,
): Promise<readonly number[] | undefined> {
  const row = await reader.first('SELECT * FROM package_set_counts WHERE set_id = $1', [setId])
  return row === undefined ? undefined : olderNumbersOf(row)
}

function olderNumbersOf(row: SqlRow): readonly number[] {
  return countNames.map((name) => integer(row, name.toLowerCase()))
}

function countsOf(numbers: readonly number[] | undefined): FindingCounts | undefined {
  if (numbers === undefined) return undefined
  const [CRITICAL = 0, HIGH = 0, MEDIUM = 0, LOW = 0, INFORMATIONAL = 0, UNDEFINED = 0] = numbers
  return { CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL, UNDEFINED, fixable: numbers[6] ?? 0 }
}

/** The first counts of a set; nothing where it is counted already, or gone. */
export async function writeFirstCounts(
  tx: SqlWriter,
  setId: number,
  numbers: readonly number[],
): Promise<void> {
  const waiting = await tx.run('DELETE FROM uncounted_sets WHERE set_id = $1', [setId])
  if (waiting > 0) await writeCounts(tx, setId, numbers)
}

/** Of a set that no image has any more. */
export async function dropSetCounts(tx: SqlWriter, setId: number): Promise<void> {
  await tx.run('DELETE FROM uncounted_sets WHERE set_id = $1', [setId])
  await tx.run('DELETE FROM package_set_counts WHERE set_id = $1', [setId])
  await writeCounts(tx, setId, undefined)
}

async function writeCounts(
  tx: SqlWriter,
  setId: number,
  numbers: readonly number[] | undefined,
): Promise<void> {
  const { block, place } = blockOf(setId)
  const before = await findBlock(tx, block)
  if (before === undefined && numbers === undefined) return
  await writeBlocks(tx, [{ block, counts: withCounts(before, place, numbers) }])
}

export interface CountBlock {
  readonly block: number
  readonly counts: Uint8Array
}

/** From a block on and before another, in order. */
export async function listBlocks(
  reader: SqlReader,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly CountBlock[]> {
  const rows = await reader.all(
    'SELECT block, counts FROM set_count_blocks WHERE block >= $1 AND block < $2 ORDER BY block',
    [from, to],
  )
  return rows.map((row) => ({ block: integer(row, 'block'), counts: bytes(row, 'counts') }))
}

export async function writeBlocks(tx: SqlWriter, blocks: readonly CountBlock[]): Promise<void> {
  const into = 'set_count_blocks (block, counts)'
  const onConflict = 'ON CONFLICT (block) DO UPDATE SET counts = excluded.counts'
  await insertRows(
    tx,
    { into, onConflict },
    blocks.map(({ block, counts }) => [block, counts]),
  )
}

/** No set after this one is counted; 0 where none is. */
export async function findLastCounted(reader: SqlReader): Promise<number> {
  const row = await reader.first('SELECT MAX(block) AS last FROM set_count_blocks')
  const last = row === undefined ? undefined : integerOrAbsent(row, 'last')
  return last === undefined ? 0 : last * setsInBlock + setsInBlock - 1
}

/** Brings rows of the time before blocks into them; how many were left to be brought. */
export async function moveOlderCounts(tx: SqlWriter, limit: number): Promise<number> {
  const rows = await tx.all('SELECT * FROM package_set_counts ORDER BY set_id LIMIT $1', [limit])
  const last = rows.at(-1)
  if (last === undefined) return 0
  const blocks = new Map<number, Uint8Array>()
  for (const row of rows) {
    const { block, place } = blockOf(integer(row, 'set_id'))
    const before = blocks.get(block) ?? (await findBlock(tx, block))
    blocks.set(block, withCounts(before, place, olderNumbersOf(row)))
  }
  await writeBlocks(
    tx,
    [...blocks].map(([block, counts]) => ({ block, counts })),
  )
  await tx.run('DELETE FROM package_set_counts WHERE set_id <= $1', [integer(last, 'set_id')])
  return rows.length
}
