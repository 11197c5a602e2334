// What the operations of Inspector's API stand on, and the job that writes its reports.
import type { FastifyInstance } from 'fastify'
import { serveExports } from './edges/aws/inspector2/serve-exports.ts'
import type { InspectorDeps } from './edges/aws/inspector2/call.ts'
import type { Foundation } from './foundation.ts'
import type { JobHandler } from './jobs/worker.ts'
import { programVersion } from './lib/program-version.ts'
import { openImageContent } from './registry/open-image-content.ts'
import { Aggregations } from './scanning/aggregate-records.ts'
import { exportFindings } from './scanning/export-findings.ts'
import { exportSboms } from './scanning/export-sboms.ts'
import { expireExports, expireExportsJob, exportJob } from './scanning/finding-exports.ts'
import { FlawIndexes } from './scanning/flaw-index.ts'
import type { Suppressions } from './scanning/suppressions.ts'
import { writeExport } from './scanning/write-export.ts'

interface Inspecting {
  readonly region: string
  readonly suppressions: Suppressions
}

/** What serves the addresses of its reports, too. */
export function openInspector(
  app: FastifyInstance,
  foundation: Foundation,
  setting: Inspecting & Pick<InspectorDeps, 'url' | 'wake' | 'defaults'>,
): InspectorDeps {
  const { database, blobs, clock, keyring } = foundation
  const { region, suppressions } = setting
  const deps = {
    ...foundation,
    ...setting,
    reader: database,
    pagingKey: keyring.keysOf('paging'),
    downloadKey: keyring.keysOf('download'),
    contentOf: (repositoryId: number) =>
      openImageContent({ reader: database, blobs }, repositoryId),
    flawIndexes: new FlawIndexes(database),
    aggregations: new Aggregations({ reader: database, clock, suppressions, region }),
  }
  serveExports(app, deps)
  return deps
}

/** Reports are written by a job, a part at each run. */
export function exportHandlers(
  foundation: Foundation,
  { region, suppressions }: Inspecting,
): Readonly<Record<string, JobHandler>> {
  const { database, blobs, clock } = foundation
  const records = {
    reader: database,
    clock,
    suppressions,
    region,
    flawIndexes: new FlawIndexes(database),
  }
  const sboms = {
    reader: database,
    region,
    contentOf: (repositoryId: number) =>
      openImageContent({ reader: database, blobs }, repositoryId),
    tool: async () => ({ name: 'pratique', version: await programVersion() }),
  }
  return {
    [expireExportsJob]: (_, options) => expireExports(foundation, options),
    async [exportJob](input, options) {
      await writeExport(
        {
          ...foundation,
          writers: {
            findings: (asked, { signal }) => exportFindings(records, asked, { signal }),
            sbom: (asked, { signal }) => exportSboms(sboms, asked, { signal }),
          },
        },
        exportIdIn(input),
        options,
      )
    },
  }
}

/** Written by this program, so another shape is a fault. */
function exportIdIn(input: unknown): string {
  if (typeof input === 'object' && input !== null && 'id' in input && typeof input.id === 'string')
    return input.id
  throw new Error('a job about a report does not name it')
}
