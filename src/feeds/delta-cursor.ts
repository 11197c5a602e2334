/** Where a feed stands that is had as a whole from time to time, and by single records in between. */
export interface DeltaCursor {
  /** The newest change that is here, in milliseconds. */
  readonly since: number
  /** When the whole was last had, in milliseconds. */
  readonly wholeAt: number
  /** Of the whole. */
  readonly validator: string | undefined
  /** Of the list of changes. */
  readonly list: string | undefined
}

export function formatDeltaCursor(cursor: DeltaCursor): string {
  return JSON.stringify(cursor)
}

/** Undefined where nothing, or nothing that can be read, is known: the whole is to be had. */
export function parseDeltaCursor(text: string | undefined): DeltaCursor | undefined {
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const members = new Map<string, unknown>(Object.entries(value ?? {}))
  const [since, wholeAt] = [members.get('since'), members.get('wholeAt')]
  if (typeof since !== 'number' || typeof wholeAt !== 'number') return undefined
  const textOf = (name: string): string | undefined => {
    const member = members.get(name)
    return typeof member === 'string' ? member : undefined
  }
  return { since, wholeAt, validator: textOf('validator'), list: textOf('list') }
}

/** The whole is had this often even where deltas do, since they do not tell of what was removed. */
const wholeEveryMs = 3 * 86_400_000

/** Whether changes since then do; a clock that was set back must not keep the whole from being had. */
export function isYoung({ wholeAt }: DeltaCursor, now: Date): boolean {
  return Math.abs(now.getTime() - wholeAt) < wholeEveryMs
}

/** A whole may have been made before the newest change that its index tells of. */
export const wholeOverlapMs = 6 * 3_600_000

/** Single records that are fetched at most in place of a whole. */
export const maxSingles = 200
