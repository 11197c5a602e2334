import { makeExportToken } from '../../../access/export-address.ts'
import type { FindingExport } from '../../../scanning/finding-export-store.ts'
import type { InspectorDeps } from './call.ts'

/** As it was asked for. */
export interface Destination {
  readonly bucketName: string
  readonly keyPrefix?: string
  readonly kmsKeyArn: string
  readonly expectedBucketOwner?: string
}

/** Of a report that is there the key is the address at which it is to be had: there is no bucket that it lies in. */
export function destinationOf(
  deps: Pick<InspectorDeps, 'clock' | 'ids' | 'downloadKey' | 'url'>,
  found: FindingExport,
): Destination {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the operation that made the report
  const asked = found.destination as Destination
  if (found.state !== 'SUCCEEDED') return asked
  const key = { key: deps.downloadKey, ids: deps.ids }
  const token = makeExportToken(key, found.id, deps.clock.now())
  return { ...asked, keyPrefix: `${deps.url()}/downloads/reports/${token}` }
}

/** What ended it, in the model's words. */
export function failureOf({ state, failure, kind, entries }: FindingExport): {
  readonly errorCode?: string
  readonly errorMessage?: string
} {
  if (state === 'FAILED')
    return {
      errorCode: 'INTERNAL_ERROR',
      errorMessage: failure ?? 'the report could not be written',
    }
  if (state !== 'SUCCEEDED' || entries > 0) return {}
  const what = kind === 'sbom' ? 'image' : 'finding'
  return { errorCode: 'NO_FINDINGS_FOUND', errorMessage: `no ${what} meets the criteria` }
}
