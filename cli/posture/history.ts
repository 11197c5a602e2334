// The scores of earlier audits, in a file that the caller keeps: one JSON object a line.
import { appendFileSync, readFileSync, statSync } from 'node:fs'
import type { Posture } from '../../src/posture/rules/judge-posture.ts'
import { exitCodes, Failure } from '../failure.ts'

export interface HistoryEntry {
  /** ISO. */
  readonly at: string
  readonly target: string
  readonly account: string
  readonly points?: number
  readonly passed: number
  readonly failed: number
  readonly unknown: number
  /** Ids. */
  readonly failing: readonly string[]
}

const maxBytes = 16 * 1024 * 1024

/** Of the same target and account, oldest first; an absent file has none. */
export function readHistory(
  file: string,
  { target, account }: Pick<HistoryEntry, 'target' | 'account'>,
): readonly HistoryEntry[] {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) return []
  if (size > maxBytes)
    throw new Failure(
      exitCodes.usage,
      `${file} has more than ${maxBytes} bytes`,
      'begin a new file',
    )
  const lines = readFileSync(file, 'utf8').split('\n')
  const entries = lines.flatMap((line, at) => (line === '' ? [] : [entryIn(file, line, at + 1)]))
  return entries.filter((one) => one.target === target && one.account === account)
}

function entryIn(file: string, line: string, number: number): HistoryEntry {
  const advice = 'name a file that an audit wrote, or one that is not there'
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    throw new Failure(exitCodes.usage, `${file}:${number} is no line of a history`, advice)
  }
  if (isEntry(parsed)) return parsed
  throw new Failure(exitCodes.usage, `${file}:${number} is no line of a history`, advice)
}

function isEntry(value: unknown): value is HistoryEntry {
  if (typeof value !== 'object' || value === null) return false
  const { at, target, account, points = 0 } = value as Partial<Record<keyof HistoryEntry, unknown>>
  return [at, target, account].every((one) => typeof one === 'string') && typeof points === 'number'
}

export function addToHistory(
  file: string,
  { score, rules }: Posture,
  about: Pick<HistoryEntry, 'at' | 'target' | 'account'>,
): void {
  const { points, passed, failed, unknown } = score
  const failing = rules.filter(({ outcome }) => outcome === 'fail').map(({ rule }) => rule.id)
  const counts = { passed, failed, unknown, failing: failing.toSorted() }
  const entry: HistoryEntry = { ...about, ...(points === undefined ? {} : { points }), ...counts }
  try {
    appendFileSync(file, `${JSON.stringify(entry)}\n`)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.error, `${file} cannot be written: ${why}`)
  }
}
