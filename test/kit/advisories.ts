import { Readable } from 'node:stream'
import { starterSource } from '../../src/scanning/advisory-source-store.ts'
import {
  importAdvisories,
  type AdvisoryImportResult,
} from '../../src/scanning/import-advisories.ts'
import type { ImportDeps } from '../../src/scanning/import-lease.ts'

export interface RecordFacts {
  readonly id: string
  readonly name?: string
  readonly ecosystem?: string
  readonly fixed?: string
  readonly aliases?: readonly string[]
  readonly upstream?: readonly string[]
  readonly modified?: string
  readonly withdrawn?: string
  readonly severity?: string
  readonly summary?: string
  readonly references?: readonly { readonly type: string; readonly url: string }[]
}

/** An OSV record about one package, affected from its first version on. */
export function osvRecord(facts: RecordFacts): Readonly<Record<string, unknown>> {
  const { id, name = 'left-pad', ecosystem = 'npm', fixed, severity, ...others } = facts
  const end = fixed === undefined ? [] : [{ fixed }]
  return {
    id,
    modified: '2026-11-01T00:00:00Z',
    ...others,
    ...(severity === undefined ? {} : { severity: [{ type: 'CVSS_V3', score: severity }] }),
    affected: [
      {
        package: { ecosystem, name },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, ...end] }],
      },
    ],
  }
}

export function ndjson(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('')
}

/** Imports records, or a text of them, as the whole state of a source unless told otherwise. */
export async function importRecords(
  deps: ImportDeps,
  records: readonly unknown[] | string,
  options: {
    readonly source?: string
    readonly snapshot?: boolean
    readonly confirmLoss?: boolean
    readonly signal?: AbortSignal
  } = {},
): Promise<AdvisoryImportResult> {
  const text = typeof records === 'string' ? records : ndjson(records)
  const { source = 'test', snapshot = true, confirmLoss = false } = options
  const bytes = Readable.from([Buffer.from(text)])
  const origin = source === starterSource ? 'starter' : 'import'
  const input = { source, origin, bytes, snapshot, confirmLoss } as const
  return importAdvisories(deps, input, { signal: options.signal ?? new AbortController().signal })
}
