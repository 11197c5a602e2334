// Purpose:  read the Go project's own database of flaws.
// Spec:     go.dev/doc/security/vuln/database: vulndb.zip, index/modules.json, ID/<id>.json.
// Input:    the database's files; hostile.
// Deviates: nothing.
// Unknowns: an index that is no list of modules → the whole database is fetched instead.
import { recordLimits } from '../storage/feeds/record-limits.ts'
import { readZipRecords } from '../storage/feeds/zip.ts'
import { readDelta } from './delta.ts'
import type { Feed } from './feed.ts'
import { recordIdPattern, type RecordChanges } from './record-changes.ts'

export const goFeed: Feed = {
  name: 'go',
  says: 'the Go project’s own database, with the functions that a flaw is in; also part of osv',
  home: 'https://vuln.go.dev',
  licence: 'CC-BY-4.0',
  isDefault: false,
  ecosystems: ['Go'],
  parts: { kind: 'fixed', names: [''] },
  readPart: (origin, request, options) =>
    readDelta(
      origin,
      request,
      {
        listPath: 'index/modules.json',
        readList: readModules,
        recordPath: (id) => `ID/${id}.json`,
        wholePath: 'vulndb.zip',
        wholeRecords: (path) => readZipRecords(path, recordLimits, isRecord),
      },
      options,
    ),
}

/** The archive holds the indexes too. */
function isRecord(name: string): boolean {
  return /^(?:[^/]+\/)?ID\/GO-[^/]+\.json$/.test(name)
}

const unreadable: RecordChanges = { kind: 'unreadable' }

/** `[{path, vulns: [{id, modified}]}]`; one flaw may stand with several modules. */
export function readModules(
  text: string,
  { since, limit }: { readonly since: number; readonly limit: number },
): RecordChanges {
  let modules: unknown
  try {
    modules = JSON.parse(text)
  } catch {
    return unreadable
  }
  if (!Array.isArray(modules)) return unreadable
  const ids = new Set<string>()
  let newest = -Infinity
  for (const flaw of modules.flatMap(flawsOf)) {
    const [id, modified] = [member(flaw, 'id'), member(flaw, 'modified')]
    const at = typeof modified === 'string' ? Date.parse(modified) : NaN
    if (typeof id !== 'string' || !recordIdPattern.test(id) || Number.isNaN(at)) return unreadable
    newest = Math.max(newest, at)
    if (at > since) ids.add(id)
  }
  if (newest === -Infinity) return unreadable
  return ids.size > limit ? { kind: 'many', newest } : { kind: 'changed', ids: [...ids], newest }
}

function flawsOf(module: unknown): readonly unknown[] {
  const flaws = member(module, 'vulns')
  return Array.isArray(flaws) ? flaws : []
}

function member(value: unknown, name: string): unknown {
  return new Map<string, unknown>(Object.entries(value ?? {})).get(name)
}
