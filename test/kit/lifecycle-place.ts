// A repository with mutable tags, images in it, and its policy: for tests of previews, runs and what is left of them.
import type { TestContext } from 'node:test'
import { putPolicy } from '../../src/lifecycle/put-policy.ts'
import type { RunDeps } from '../../src/lifecycle/run-policy.ts'
import { runningPolicy } from '../../src/lifecycle/run-policy.ts'
import type { LifecycleRun } from '../../src/lifecycle/run-store.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import { parseTag, type Tag } from '../../src/oci/tag.ts'
import { configureTagMutability } from '../../src/registry/configure-repository.ts'
import { deleteManifest } from '../../src/registry/delete-manifest.ts'
import { putManifest } from '../../src/registry/put-manifest.ts'
import { getRepository } from '../../src/registry/repository-store.ts'
import { findTag } from '../../src/registry/tag-store.ts'
import { lifecycleText } from './lifecycle.ts'
import { testRegistry, type TestRegistry } from './registry.ts'
import { push } from './uploads.ts'

export const pusher = 'arn:aws:iam::123456789012:user/admin'

export interface LifecyclePlace extends TestRegistry, Pick<RunDeps, 'defaults'> {
  readonly repositoryId: number
}

export async function lifecyclePlace(t: TestContext): Promise<LifecyclePlace> {
  const registry = await testRegistry(t)
  const { repository, database } = registry
  await configureTagMutability(database, { repository, tagMutability: 'MUTABLE' })
  const { id: repositoryId } = await getRepository(database, repository)
  return { ...registry, defaults: 'secure', repositoryId }
}

/** An image of its own for each name, pushed now. `layer`: text that several images may share. */
export async function pushImage(
  place: LifecyclePlace,
  name: string,
  tags: readonly string[],
  { layer, ...members }: { readonly layer?: string; readonly subject?: object } = {},
): Promise<Digest> {
  const config = Buffer.from(JSON.stringify({ name }))
  const layers = layer === undefined ? [] : [Buffer.from(layer)]
  const describe = async (content: Buffer, mediaType: string): Promise<object> => ({
    mediaType,
    digest: await push(place, content),
    size: content.byteLength,
  })
  return pushManifest(place, tags, {
    mediaType: mediaTypes.ociManifest,
    config: await describe(config, mediaTypes.ociConfig),
    layers: await Promise.all(
      layers.map((content) => describe(content, 'application/vnd.oci.image.layer.v1.tar')),
    ),
    ...members,
  })
}

export async function pushIndex(
  place: LifecyclePlace,
  tags: readonly string[],
  children: readonly Digest[],
): Promise<Digest> {
  const manifests = children.map((digest) => ({
    mediaType: mediaTypes.ociManifest,
    digest,
    size: 1,
  }))
  return pushManifest(place, tags, { mediaType: mediaTypes.ociIndex, manifests })
}

async function pushManifest(
  place: LifecyclePlace,
  tags: readonly string[],
  document: object,
): Promise<Digest> {
  const { digest } = await putManifest(place, {
    repository: place.repository,
    bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, ...document })),
    mediaType: undefined,
    digest: undefined,
    tags: tags.map(tagOf),
    principal: pusher,
    ifPresent: 'accept',
  })
  return digest
}

export async function removeImage(place: LifecyclePlace, digest: Digest): Promise<void> {
  const { repository } = place
  await deleteManifest(place, { repository, digest, principal: pusher, referrers: 'delete' })
}

export function tagOf(text: string): Tag {
  const tag = parseTag(text)
  if (tag === undefined) throw new Error(`${text} is no tag`)
  return tag
}

export async function digestOfTag(place: LifecyclePlace, tag: string): Promise<Digest | undefined> {
  return findTag(place.database, place.repositoryId, tagOf(tag))
}

export async function putRules(place: LifecyclePlace, ...rules: readonly string[]): Promise<void> {
  await putPolicy(place, { repository: place.repository, text: lifecycleText(rules), by: pusher })
}

/** Until it has ended, in as many calls as it needs. */
export async function runToEnd(place: LifecyclePlace): Promise<LifecycleRun | undefined> {
  const { signal } = new AbortController()
  let last: LifecycleRun | undefined
  do {
    last = undefined
    const input = { repositoryId: place.repositoryId, cause: 'request' } as const
    for await (const run of runningPolicy(place, input, { signal })) last = run
  } while (last?.isOpen === true)
  return last
}

export const dayMs = 86_400_000
