import { nameUuid } from './name-uuid.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** The same document for the same content; text from images that is no Unicode is made so. */
export function documentText(document: JsonObject): string {
  return `${JSON.stringify(document, wellFormed, 2)}\n`
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}

/** Of the content: two documents that differ have different names, and the same one made again has the same. */
export function documentUuid(document: JsonObject): string {
  return nameUuid(documentText(document))
}

/** `2026-11-26T10:51:00Z`: SPDX knows no fractions. */
export function wholeSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}
