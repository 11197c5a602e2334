// Members of a JSON document that somebody else wrote.

export type Members = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text that says something. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The objects of a list; what is none is passed over. */
export function recordsOf(value: unknown): readonly Members[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

/** `/app/x` and `app/x` are one place. */
export function placeOf(path: string | undefined): string {
  return (path ?? '').replace(/^\/+/, '').slice(0, 4096)
}
