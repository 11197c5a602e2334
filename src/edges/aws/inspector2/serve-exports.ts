import type { FastifyInstance } from 'fastify'
import { readExportToken } from '../../../access/export-address.ts'
import { findExport, type FindingExport } from '../../../scanning/finding-export-store.ts'
import type { InspectorDeps } from './call.ts'

/**
 * The addresses that the status of a report tells. The right was judged (inspector2:GetFindingsReportStatus or GetSbomExport) when
 * the address was made; it opens one report for an hour, so it needs no credentials.
 */
export function serveExports(
  app: FastifyInstance,
  deps: Pick<InspectorDeps, 'reader' | 'blobs' | 'clock' | 'downloadKey'>,
): void {
  app.get('/downloads/reports/*', async (request, reply) => {
    const { facts } = request
    facts.door = 'aws'
    facts.operation = 'GET report'
    const token =
      (request.raw.url ?? '').split('?', 1)[0]?.slice('/downloads/reports/'.length) ?? ''
    const id = readExportToken(deps.downloadKey, token, deps.clock.now())
    const found = id === undefined ? undefined : await findExport(deps.reader, id)
    if (found?.state !== 'SUCCEEDED') {
      facts.decision = 'deny'
      facts.errorCode = 'AccessDenied'
      void reply.code(403)
      return { message: 'this download address is over or was altered; ask for the status again' }
    }
    facts.decision = 'allow'
    facts.action = actions[found.kind]
    return reply
      .headers({
        'content-type': contentTypes[found.format] ?? 'application/gzip',
        'content-length': String(found.size),
        'content-disposition': `attachment; filename="${fileName(found)}"`,
        'x-content-type-options': 'nosniff',
        'cache-control': 'private, no-store',
      })
      .send(await deps.blobs.read(found.storageKey))
  })
}

const actions = {
  findings: 'inspector2:GetFindingsReportStatus',
  sbom: 'inspector2:GetSbomExport',
} as const satisfies Record<FindingExport['kind'], string>

const contentTypes: Readonly<Record<string, string>> = {
  CSV: 'text/csv; charset=utf-8',
  JSON: 'application/json',
}

/** `findings-ID.csv`, `sbom-ID.tar.gz`. */
export function fileName({
  kind,
  format,
  id,
}: Pick<FindingExport, 'kind' | 'format' | 'id'>): string {
  return kind === 'sbom' ? `sbom-${id}.tar.gz` : `findings-${id}.${format.toLowerCase()}`
}
