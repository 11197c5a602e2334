// Purpose:  which records of OSV's archive changed since a moment?
// Spec:     OSV, "Data sources": modified_id.csv, newest first, `<RFC 3339 instant>,<id>` for each record of an ecosystem.
// Input:    the file as the archive has it; hostile.
// Deviates: nothing.
// Unknowns: a line in no known form, or one that is newer than the line before it → 'unreadable': the whole is to be had instead.

import { recordIdPattern, type RecordChanges } from './record-changes.ts'

/** Ids modified after `since`, at most `limit`; the first line is the newest. */
export function readModifiedIds(
  text: string,
  { since, limit }: { readonly since: number; readonly limit: number },
): RecordChanges {
  const ids: string[] = []
  let newest: number | undefined
  let before = Infinity
  for (const row of rowsOf(text)) {
    const [instant = '', id = ''] = row.split(',', 2)
    const at = instantPattern.test(instant) ? Date.parse(instant) : NaN
    if (Number.isNaN(at) || at > before || !recordIdPattern.test(id)) return { kind: 'unreadable' }
    newest ??= at
    before = at
    if (at <= since) break
    if (ids.length === limit) return { kind: 'many', newest }
    ids.push(id)
  }
  return newest === undefined ? { kind: 'unreadable' } : { kind: 'changed', ids, newest }
}

const instantPattern = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,24}Z$/

/** One at a time: the file has hundreds of thousands, of which few are read. */
function* rowsOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf('\n', start)
    const end = found === -1 ? text.length : found
    const row = text.slice(start, end).trim()
    if (row !== '') yield row
    start = end + 1
  }
}
