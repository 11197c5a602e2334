// The column beside a stored policy: a JSON object that gives the unique id of each principal whom the policy names by ARN, as
// it was when the policy was put.

export function writePrincipalIds(ids: ReadonlyMap<string, string>): string {
  return JSON.stringify(Object.fromEntries(ids))
}

/** Throws for what this program did not write: a principal whose id is not known must not be taken for another. */
export function readPrincipalIds(column: string): ReadonlyMap<string, string> {
  const parsed: unknown = JSON.parse(column)
  if (typeof parsed !== 'object' || parsed === null) throw new Error('principals is no object')
  const entries: (readonly [string, string])[] = []
  for (const [arn, id] of Object.entries(parsed)) {
    if (typeof id !== 'string') throw new Error('principals holds what is no id')
    entries.push([arn, id])
  }
  return new Map(entries)
}
