import { mkdir, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { compare, type Print } from './compare.ts'
import { pushSample, putManifest } from './load.ts'
import { startPratique, type RegistryUnderLoad } from './servers.ts'

const repository = 'bench/lists'
const tagCount = 100_000
const referrerCount = 10_000
/** As many as one request may carry. */
const tagsAtOnce = 46

/** The list of 100,000 tags in one answer, and 10,000 referrers over all their pages. */
export async function benchLists(print: Print): Promise<void> {
  await compare(print, 5, makeTags, async (target) => {
    const started = performance.now()
    const answer = await ask(target, `/v2/${repository}/tags/list`)
    const body: unknown = await answer.json()
    const milliseconds = performance.now() - started
    if (countIn(body, 'tags') < tagCount) throw new Error('tags are missing from the list')
    return { '100,000 tags, ms': milliseconds }
  })
  await measureReferrers(print)
}

async function makeTags(target: RegistryUnderLoad): Promise<void> {
  const { image } = await pushSample(target, repository, 64)
  const names = Array.from({ length: tagCount }, (_, index) => `v${index}`)
  if (target.authorization === undefined) await linkTags(target.directory, image, names)
  else await pushTags(target, image, names)
}

/** The peer takes one tag a request; its files are made as it would make them. */
async function linkTags(directory: string, image: string, names: readonly string[]): Promise<void> {
  const tags = join(directory, 'docker/registry/v2/repositories', repository, '_manifests/tags')
  for (const name of names) {
    await mkdir(join(tags, name, 'current'), { recursive: true })
    await writeFile(join(tags, name, 'current/link'), image)
  }
}

async function pushTags(
  target: RegistryUnderLoad,
  image: string,
  names: readonly string[],
): Promise<void> {
  const manifest = await ask(target, `/v2/${repository}/manifests/${image}`)
  const bytes = Buffer.from(await manifest.arrayBuffer())
  const agent = new Agent({ keepAlive: true })
  for (let index = 0; index < names.length; index += tagsAtOnce) {
    const tags = names.slice(index, index + tagsAtOnce).map((name) => `tag=${name}`)
    const path = `/v2/${repository}/manifests/${image}?${tags.join('&')}`
    await putManifest(target, path, bytes, agent)
  }
  agent.destroy()
}

/** The peer has no referrers. */
async function measureReferrers(print: Print): Promise<void> {
  const server = await startPratique()
  try {
    const { image: subject, layer } = await pushSample(server, repository, 64)
    await pushReferrers(server, subject, layer)
    const rounds: number[] = []
    for (let round = 0; round < 5; round += 1) rounds.push(await timeReferrers(server, subject))
    const [least, , median, , most] = rounds.toSorted((a, b) => a - b)
    print(
      `${referrerCount} referrers over all pages: ${median?.toFixed(0)} ms (${least?.toFixed(0)} to ${most?.toFixed(0)})`,
    )
  } finally {
    await server.stop()
  }
}

async function pushReferrers(
  server: RegistryUnderLoad,
  subject: string,
  layer: { readonly digest: string; readonly size: number },
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const octets = 'application/octet-stream'
  const described = { mediaType: octets, ...layer }
  const waiting = Array.from({ length: referrerCount }, (_, index) => index)
  const pusher = async (): Promise<void> => {
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType,
        artifactType: 'application/vnd.example.signature',
        config: described,
        layers: [described],
        subject: { mediaType, digest: subject, size: 1 },
        annotations: { number: String(index) },
      })
      const bytes = Buffer.from(manifest)
      const path = `/v2/${repository}/manifests/n${index}`
      await putManifest(server, path, bytes, agent)
    }
  }
  await Promise.all(Array.from({ length: 16 }, pusher))
  agent.destroy()
}

async function timeReferrers(server: RegistryUnderLoad, subject: string): Promise<number> {
  const started = performance.now()
  let found = 0
  let path: string | undefined = `/v2/${repository}/referrers/${subject}`
  while (path !== undefined) {
    const answer: Response = await ask(server, path)
    found += countIn(await answer.json(), 'manifests')
    path = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  if (found !== referrerCount) throw new Error(`${found} referrers were listed`)
  return performance.now() - started
}

async function ask(target: RegistryUnderLoad, path: string): Promise<Response> {
  const headers = target.authorization === undefined ? {} : { authorization: target.authorization }
  const answer = await fetch(target.url + path, { headers })
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`)
  return answer
}

function countIn(body: unknown, member: string): number {
  if (typeof body !== 'object' || body === null) return 0
  const list: unknown = Object.entries(body).find(([name]) => name === member)?.[1]
  return Array.isArray(list) ? list.length : 0
}
