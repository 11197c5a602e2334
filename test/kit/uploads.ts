// Uploads as the rooms see them, for tests that need one.
import { buffer } from 'node:stream/consumers'
import { digestOf, type Digest } from '../../src/oci/digest.ts'
import {
  asRegistryError,
  isRegistryError,
  type RegistryErrorCode,
} from '../../src/registry/errors.ts'
import type { UploadAddress } from '../../src/registry/find-open-upload.ts'
import { finishUpload } from '../../src/registry/finish-upload.ts'
import { getBlob } from '../../src/registry/open-blob.ts'
import { startUpload } from '../../src/registry/start-upload.ts'
import type { TestRegistry } from './registry.ts'

const principalId = 'AIDATEST'

export async function* pieces(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(part)
}

export async function* breaking(part: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(part)
  throw new Error('the client has gone')
}

export async function begin(registry: TestRegistry): Promise<UploadAddress> {
  const { repository } = registry
  const { uploadId } = await startUpload(registry, { repository, principalId, algorithm: 'sha256' })
  return { repository, uploadId, principalId }
}

export async function push(registry: TestRegistry, content: Buffer): Promise<Digest> {
  const address = await begin(registry)
  const digest = digestOf(content)
  await finishUpload(registry, {
    ...address,
    digest,
    body: { source: pieces(content), keepPartial: false },
  })
  return digest
}

export async function contentOf(registry: TestRegistry, digest: Digest): Promise<Buffer> {
  const blob = await getBlob(registry.database, { repository: registry.repository, digest })
  return buffer(await registry.blobs.read(blob.storageKey))
}

export function refusal(code: RegistryErrorCode): (error: unknown) => boolean {
  return (thrown) => {
    const error = asRegistryError(thrown)
    return isRegistryError(error) && error.code === code
  }
}
