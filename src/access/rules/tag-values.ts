/** Tags by key in lower case, as condition keys are compared. */
export type TagValues = ReadonlyMap<string, string>

/** Two keys that differ only in case cannot be put; should they be there all the same, neither is believed. */
export function tagValues(tags: Iterable<readonly [key: string, value: string]>): TagValues {
  const values = new Map<string, string>()
  const doubtful = new Set<string>()
  for (const [key, value] of tags) {
    const name = key.toLowerCase()
    if (values.has(name)) doubtful.add(name)
    values.set(name, value)
  }
  for (const name of doubtful) values.delete(name)
  return values
}
