/**
 * A record without the commit ranges that only repeat, for people with a clone, what versions say beside them. They
 * would else make every fixed version doubtful. Where commits are all there is to go by they stay, as a doubt.
 */
export function withoutCommitRanges(record: unknown): unknown {
  if (!isRecord(record) || !Array.isArray(record['affected'])) return record
  return { ...record, affected: record['affected'].map(withoutCommits) }
}

function withoutCommits(entry: unknown): unknown {
  if (!isRecord(entry) || !Array.isArray(entry['ranges'])) return entry
  const ranges: readonly unknown[] = entry['ranges']
  const others = ranges.filter((range) => !isRecord(range) || range['type'] !== 'GIT')
  const versions = entry['versions']
  const isSettled = others.length > 0 || (Array.isArray(versions) && versions.length > 0)
  return isSettled ? { ...entry, ranges: others } : entry
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
