import type { FastifyInstance } from 'fastify'
import { readDownloadToken } from '../../access/download-address.ts'
import type { SealKeys } from '../../access/rules/seal.ts'
import type { BufferPool } from '../../lib/buffer-pool.ts'
import type { Clock } from '../../lib/clock.ts'
import { findLinkedBlob } from '../../registry/linked-blob-store.ts'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import { blobReply } from './pull-blob.ts'
import { sendReply } from './send-reply.ts'

/**
 * The addresses that GetDownloadUrlForLayer hands out. The right was judged (ecr:GetDownloadUrlForLayer) when the address
 * was made; it opens one blob for minutes, so it needs no credentials.
 */
export function serveDownloads(
  app: FastifyInstance,
  edge: {
    readonly reader: SqlReader
    readonly blobs: BlobStore
    readonly buffers: BufferPool
    readonly clock: Clock
    readonly downloadKey: SealKeys
    readonly onFault: (error: unknown, requestId: string) => void
  },
): void {
  app.get('/downloads/*', async (request, reply) => {
    const { facts } = request
    facts.door = 'oci'
    facts.operation = 'GET download'
    facts.action = 'ecr:GetDownloadUrlForLayer'
    const token = (request.raw.url ?? '').split('?', 1)[0]?.slice('/downloads/'.length) ?? ''
    const grant = readDownloadToken(edge.downloadKey, token, edge.clock.now())
    const blob =
      grant === undefined
        ? undefined
        : await findLinkedBlob(edge.reader, grant.repositoryId, grant.digest)
    if (blob === undefined) {
      facts.decision = 'deny'
      void reply.code(403)
      return { message: 'this download address is over or was altered; ask for a new one' }
    }
    facts.decision = 'allow'
    const answered = await blobReply(edge, blob, (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(',') : value
    })
    return sendReply(reply, answered, (error) => edge.onFault(error, facts.requestId))
  })
}
