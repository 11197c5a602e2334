/**
 * What is known of a request, by key. Values are asked for only when a statement's other parts match, so a source may
 * work them out lazily. Keys come in lower case, since names of keys have none.
 */
export interface ContextValues {
  /** A list is a key of several values; undefined, a key that is absent. Nothing else means absent. */
  get(lowerCaseKey: string): string | readonly string[] | undefined
}

/** Keys that are named once and asked for in lower case. */
export function contextOf(
  values: Readonly<Record<string, string | readonly string[]>>,
): ContextValues {
  const byKey = new Map(Object.entries(values).map(([key, value]) => [key.toLowerCase(), value]))
  return { get: (key) => byKey.get(key) }
}
