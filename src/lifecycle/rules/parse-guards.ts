// Purpose:  read the document that protects images whatever lifecycle policies say.
// Spec:     Pratique's own, beyond ECR: docs/lifecycle.md, "Guards".
// Input:    the text as sent; hostile.
// Deviates: nothing.
// Unknowns: text with any fault gives no guards, and what was in force stays.
import { parseDigest } from '../../oci/digest.ts'
import { readStrictJson, type JsonValue } from '../../policy/strict-json.ts'
import { DocumentReader, type DocumentFault } from './document-reader.ts'
import type { LifecycleGuard } from './lifecycle-guard.ts'

export interface GuardDocument {
  readonly guards: readonly LifecycleGuard[]
  /** Days in which a deleted image can be brought back; 0: not at all. */
  readonly undoDays: number
}

export type GuardReading =
  | { readonly kind: 'read'; readonly document: GuardDocument }
  | { readonly kind: 'refused'; readonly faults: readonly DocumentFault[] }

export const noGuards: GuardDocument = { guards: [], undoDays: 0 }

/** Characters: a list of ten thousand running digests is within it. */
export const maxGuardText = 1_048_576
const maxGuards = 100
const maxRunning = 10_000
const maxPatterns = 100
const maxUndoDays = 30

export function parseGuards(text: string): GuardReading {
  const json = readStrictJson(text, { characters: 'any', maxLength: maxGuardText })
  if (json.kind === 'unreadable') {
    const { problem, at } = json.fault
    return { kind: 'refused', faults: [{ words: problem, at }] }
  }
  const reader = new DocumentReader()
  const document = readDocument(reader, json.root)
  return reader.faults.length > 0
    ? { kind: 'refused', faults: reader.faults }
    : { kind: 'read', document }
}

function readDocument(reader: DocumentReader, root: JsonValue): GuardDocument {
  const members = reader.object(root, { required: ['guards'], optional: ['undoDays'] })
  const listed = members?.get('guards')
  const items = listed && reader.array(listed, { least: 0, most: maxGuards })
  const undo = members?.get('undoDays')
  return {
    guards: (items ?? []).flatMap((item, index) => {
      reader.enterRule(`guard ${index + 1}`)
      return readGuard(reader, item) ?? []
    }),
    undoDays: (undo && reader.integer(undo, { least: 0, most: maxUndoDays })) ?? 0,
  }
}

function readGuard(reader: DocumentReader, value: JsonValue): LifecycleGuard | undefined {
  const members = reader.object(value, {
    required: ['protect', 'repositories'],
    optional: ['description'],
  })
  const named = members?.get('repositories')
  const protect = members?.get('protect')
  if (named === undefined || protect === undefined) return undefined
  const repositories = readTexts(reader, named, { most: maxPatterns, least: 1 })
  const found = reader.object(protect, {
    required: [],
    optional: [
      'lastOfTagPrefix',
      'pulledWithinDays',
      'released',
      'running',
      'runningInClusters',
      'signed',
    ],
  })
  if (found === undefined) return undefined
  const textsOf = (name: string, most: number): readonly string[] => {
    const member = found.get(name)
    return member === undefined ? [] : readTexts(reader, member, { least: 0, most })
  }
  const pulled = found.get('pulledWithinDays')
  const isSaid = (name: string): boolean => {
    const member = found.get(name)
    return (member && reader.boolean(member)) ?? false
  }
  const running = textsOf('running', maxRunning)
  const stranger = running.find((digest) => parseDigest(digest) === undefined)
  if (stranger !== undefined)
    reader.report(`${JSON.stringify(stranger)} is not a digest`, protect.at)
  return {
    repositories,
    running,
    runningInClusters: isSaid('runningInClusters'),
    released: textsOf('released', maxPatterns),
    lastOfPrefix: textsOf('lastOfTagPrefix', maxPatterns),
    signed: isSaid('signed'),
    pulledWithinDays: (pulled && reader.integer(pulled, { least: 0, most: 36_500 })) ?? 0,
  }
}

function readTexts(
  reader: DocumentReader,
  value: JsonValue,
  size: { readonly least: number; readonly most: number },
): readonly string[] {
  const items = reader.array(value, size) ?? []
  return items.flatMap((item) => reader.string(item, { least: 1, most: 256 }) ?? [])
}
