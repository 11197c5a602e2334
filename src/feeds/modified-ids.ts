// Purpose:  which records of OSV's archive changed since a moment?
// Spec:     OSV, "Data sources": modified_id.csv, newest first, `<RFC 3339 instant>,<id>` for each record of an ecosystem.
// Input:    the file as the archive has it; hostile.
// Deviates: nothing.
// Unknowns: a line in no known form, or one that is newer than the line before it → 'unreadable': the whole is to be had instead.

export type ModifiedIds =
  | { readonly kind: 'changed'; readonly ids: readonly string[]; readonly newest: string }
  /** More than asked for. */
  | { readonly kind: 'many'; readonly newest: string }
  | { readonly kind: 'unreadable' }

const line = /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,24}Z),([A-Za-z0-9][A-Za-z0-9._:-]{0,127})$/

/** Ids modified after `since`, at most `limit`; `newest` is the instant of the first line. */
export function readModifiedIds(
  text: string,
  { since, limit }: { readonly since: number; readonly limit: number },
): ModifiedIds {
  const ids: string[] = []
  let newest: string | undefined
  let before = Infinity
  for (const row of rowsOf(text)) {
    const [, instant = '', id = ''] = line.exec(row) ?? []
    const at = Date.parse(instant)
    if (Number.isNaN(at) || at > before) return { kind: 'unreadable' }
    newest ??= instant
    before = at
    if (at <= since) break
    if (ids.length === limit) return { kind: 'many', newest }
    ids.push(id)
  }
  return newest === undefined ? { kind: 'unreadable' } : { kind: 'changed', ids, newest }
}

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
