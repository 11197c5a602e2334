// Pushes what a layout on disk holds, by the distribution API alone.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LayoutImage, LayoutIndex } from './image-layout.ts'
import type { ServerProcess } from './server-process.ts'

/** An image with its blobs, under a tag or its digest. */
export async function pushLayout(
  server: ServerProcess,
  repository: string,
  image: LayoutImage,
  reference: string,
): Promise<void> {
  const config = JSON.parse(image.manifest.toString()) as { config: { digest: string } }
  for (const digest of [config.config.digest, ...image.layerDigests]) {
    const bytes = await readFile(join(image.directory, 'blobs', 'sha256', digest.slice(7)))
    await pushBlob(server, repository, digest, bytes)
  }
  await pushManifest(server, repository, reference, image.manifest.toString())
}

/** An index with its images. */
export async function pushIndexLayout(
  server: ServerProcess,
  repository: string,
  { images, index }: LayoutIndex,
  reference: string,
): Promise<void> {
  for (const image of images) await pushLayout(server, repository, image, image.manifestDigest)
  const type = 'application/vnd.oci.image.index.v1+json'
  await send(server, 'PUT', `${repository}/manifests/${reference}`, type, index)
}

/** Bytes that are not a manifest. */
export async function pushBlob(
  server: ServerProcess,
  repository: string,
  digest: string,
  bytes: Buffer,
): Promise<void> {
  const path = `${repository}/blobs/uploads/?digest=${digest}`
  await send(server, 'POST', path, 'application/octet-stream', bytes)
}

export async function pushManifest(
  server: ServerProcess,
  repository: string,
  reference: string,
  manifest: string,
): Promise<void> {
  const type = 'application/vnd.oci.image.manifest.v1+json'
  await send(server, 'PUT', `${repository}/manifests/${reference}`, type, Buffer.from(manifest))
}

/** The administrator's, as a header. */
export function authorizationOf({ accessKeyId, secretAccessKey }: ServerProcess): string {
  return `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64')}`
}

async function send(
  server: ServerProcess,
  method: string,
  path: string,
  type: string,
  bytes: Buffer,
): Promise<void> {
  const response = await fetch(`${server.url}/v2/${path}`, {
    method,
    headers: { authorization: authorizationOf(server), 'content-type': type },
    body: new Uint8Array(bytes),
  })
  assert.equal(response.status, 201, await response.text())
}
