import type { SqlReader } from '../storage/database/database.ts'
import { listListeningSinks } from './sink-store.ts'

/** EPSS scores that some sink asks for: of scores that change every day only their crossing is worth an event. */
export async function listEpssThresholds(reader: SqlReader): Promise<readonly number[]> {
  const sinks = await listListeningSinks(reader)
  return [...new Set(sinks.flatMap(({ rule }) => rule.minEpss ?? []))]
}
