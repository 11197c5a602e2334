// Purpose:  read the errata of Amazon Linux, each repository a part.
// Spec:     mirror.list of a repository names where its newest version is.
// Input:    the origin's files; hostile.
// Deviates: of the addresses in mirror.list only the path counts, below the feed's home or its mirror.
// Unknowns: a repository without errata is a part that is absent.
import { FeedError } from '../../storage/feeds/transport.ts'
import type { Feed, PartAnswer, PartOptions, PartRequest } from '../feed.ts'
import { objectsOf, parseObject, textOf } from '../json-values.ts'
import { getText, type FeedOrigin } from '../origin.ts'
import { readErrata } from '../updateinfo/repository.ts'
import type { UpdateinfoKind } from '../updateinfo/updateinfo.ts'
import { affectedInTopic } from './extras.ts'

export const amazonFeed: Feed = {
  name: 'amazon',
  says: 'Amazon Linux’s errata: what each repository of 2 and 2023 mended, extras topics of 2 apart',
  home: 'https://cdn.amazonlinux.com',
  licence: 'Amazon’s terms of use',
  isDefault: true,
  ecosystems: ['Amazon Linux'],
  parts: { kind: 'listed', list: listRepositories },
  readPart: readRepository,
}

const cores = ['2/core', '2023/core', '2023/kernel-livepatch'] as const
const maxIndexBytes = 16 * 1024 ** 2
const topicName = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,60}$/

/** Without the catalogue of extras there are still the others. */
async function listRepositories(
  origin: FeedOrigin,
  options: PartOptions,
): Promise<readonly string[]> {
  const path = '2/extras-catalog.json'
  const answer = await getText(origin, path, { maxBytes: maxIndexBytes }, options)
  if (answer.kind !== 'text') return cores
  const topics = objectsOf(parseObject(answer.text)?.['topics']).flatMap(({ n: name }) => {
    const text = textOf(name)
    return text !== undefined && topicName.test(text) ? [`2/extras/${text}`] : []
  })
  if (topics.length > 500) throw new FeedError('malformed', `${path} names too many topics`)
  return [...cores, ...new Set(topics)]
}

async function readRepository(
  origin: FeedOrigin,
  { part, cursor }: PartRequest,
  options: PartOptions,
): Promise<PartAnswer> {
  const list = await getText(origin, mirrorList(part), { maxBytes: maxIndexBytes }, options)
  if (list.kind !== 'text') return { kind: 'absent' }
  const base = repositoryIn(list.text, mirrorList(part))
  return readErrata(origin, { base, cursor, kind: kindOf(part) }, options)
}

function mirrorList(part: string): string {
  const [release = '', ...repository] = part.split('/')
  return release === '2'
    ? `2/${repository.join('/')}/latest/x86_64/mirror.list`
    : `al${release}/${repository.join('/')}/mirrors/latest/x86_64/mirror.list`
}

/** The path of the first address that is one. */
function repositoryIn(text: string, path: string): string {
  for (const line of text.split('\n').slice(0, 100)) {
    const base = URL.parse(line.trim())?.pathname.replaceAll(/^\/+|\/+$/g, '') ?? ''
    if (base !== '') return base
  }
  throw new FeedError('malformed', `${path} has no address`)
}

function kindOf(part: string): UpdateinfoKind {
  const [release = '', repository, topic] = part.split('/')
  const page = release === '2' ? 'AL2' : `AL${release}`
  const kind = {
    ecosystem: `Amazon Linux:${release}`,
    vendor: 'Amazon',
    addressOf: (id: string) =>
      `https://alas.aws.amazon.com/${page}/${id.replace(/^ALAS(?:2023|2)?(?=-|[A-Z])/, 'ALAS')}.html`,
  }
  if (repository !== 'extras' || topic === undefined) return kind
  return { ...kind, affectedBelow: (fixes) => affectedInTopic(topic, fixes) }
}
