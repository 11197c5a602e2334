// The requests of a lifecycle policy and its run, with their effect on the model.
import { PutLifecyclePolicyCommand } from '@aws-sdk/client-ecr'
import { Refused, type Client } from './client.ts'
import {
  contentOf,
  createRepository,
  imageOf,
  pushBlob,
  putByDigest,
  putByTag,
  type Content,
} from './image-client.ts'
import { inState, type State } from './model.ts'

const doomedPrefix = 'old-'
/** More than one batch of a run. */
const doomedImages = 12

/** Keeps the newest of them, and all others. */
const lifecyclePolicyText = JSON.stringify({
  rules: [
    {
      rulePriority: 1,
      description: 'the newest of those that were built for a while',
      selection: {
        tagStatus: 'tagged',
        tagPrefixList: [doomedPrefix],
        countType: 'imageCountMoreThan',
        countNumber: 1,
      },
      action: { type: 'expire' },
    },
  ],
})

/**
 * A repository with a policy that has had its first run, and then images that it is to expire: one with a second tag, one with a
 * signature. Images of other tags stand beside them.
 */
export async function withDoomedImages(
  client: Client,
  repository: string,
  { layers, config }: { readonly layers: readonly Content[]; readonly config: Content },
): Promise<void> {
  await createRepository(client, repository, 'MUTABLE')
  await client.operation(
    () => undefined,
    (ecr) =>
      ecr.send(
        new PutLifecyclePolicyCommand({
          repositoryName: repository,
          lifecyclePolicyText,
        }),
      ),
  )
  await firstRun(client, repository)
  for (const blob of [config, ...layers]) await pushBlob(client, repository, blob)
  await putByTag(client, repository, 'v1', imageOf(config, layers))
  for (let number = 0; number < doomedImages; number += 1) {
    const own = contentOf(200 + number)
    await pushBlob(client, repository, own)
    // Of two that were pushed in one millisecond the younger would be told by the digest.
    await pause(5)
    const image = imageOf(own, layers)
    await putByTag(client, repository, `${doomedPrefix}${number}`, image)
    if (number === 2) await putByTag(client, repository, `${doomedPrefix}again`, image)
    if (number === 4) await putByDigest(client, repository, imageOf(config, [], image))
  }
}

/** The run that putting the policy asks for: it would else take the images as they come. */
async function firstRun(client: Client, repository: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const path = `/pratique/v1/lifecycle/history?repository=${encodeURIComponent(repository)}`
    const { body } = await client.ask({ method: 'GET', path })
    const { runs } = JSON.parse(body.toString()) as { runs: { isOpen: boolean }[] }
    if (runs.length > 0 && runs.every(({ isOpen }) => !isOpen)) return
    await pause(25)
  }
  throw new Error(`the policy of ${repository} had no run`)
}

/** Carries the policy out, or goes on where a run was cut, and waits for its end. */
export async function runLifecycle(client: Client, repository: string): Promise<void> {
  const path = `/pratique/v1/lifecycle/runs?repository=${encodeURIComponent(repository)}`
  client.pending = (state) => expire(state, repository)
  const answer = await client.ask({ method: 'POST', path })
  const last = answer.body.toString().trim().split('\n').at(-1) ?? ''
  const run = JSON.parse(last) as { isOpen?: boolean }
  // Its status was sent before it failed: the last line tells of it.
  if (run.isOpen !== false) throw new Refused('lifecycle', { ...answer, body: Buffer.from(last) })
  client.pending(client.state)
  client.pending = undefined
}

/** All but the newest go with their tags, and what refers to them. */
function expire(state: State, name: string): void {
  const { manifests, tags } = inState(state, name)
  const doomed = [...tags].filter(([tag]) => tag.startsWith(doomedPrefix))
  const newest = tags.get(`${doomedPrefix}${doomedImages - 1}`)
  for (const [tag, digest] of doomed) {
    if (digest === newest) continue
    tags.delete(tag)
    manifests.delete(digest)
    for (const [referrer, { subject }] of manifests) {
      if (subject === digest) manifests.delete(referrer)
    }
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
