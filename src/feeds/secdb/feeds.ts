// The feeds that are secdb files: Alpine's, by branch and repository, and those of distributions without releases.
import { FeedError } from '../../storage/feeds/transport.ts'
import { openDecodedFile } from '../decoded-file.ts'
import type { Feed, PartOptions } from '../feed.ts'
import { fileLimits } from '../limits.ts'
import { requireText, type FeedOrigin } from '../origin.ts'
import { readWholeFile } from '../parts.ts'
import { readSecdb, type SecdbKind } from './secdb.ts'

export const alpineFeed: Feed = {
  name: 'alpine',
  says: 'Alpine’s secdb: what each branch mended, by repository',
  home: 'https://secdb.alpinelinux.org',
  licence: 'open; Alpine states no licence for its data',
  isDefault: true,
  ecosystems: ['Alpine'],
  parts: { kind: 'listed', list: listBranches },
  readPart: (origin, { part, cursor }, options) => {
    const [branch = ''] = part.split('/')
    const kind = { ecosystem: `Alpine:${branch}`, prefix: 'ALPINE' }
    return readFile(origin, { path: `${part}.json`, cursor, kind }, options)
  },
}

export const wolfiFeed = rollingFeed({
  name: 'wolfi',
  ecosystem: 'Wolfi',
  home: 'https://packages.wolfi.dev/os',
  licence: 'Chainguard’s terms of use',
  isDefault: true,
})

export const chainguardFeed = rollingFeed({
  name: 'chainguard',
  ecosystem: 'Chainguard',
  home: 'https://packages.cgr.dev/chainguard',
  licence: 'Chainguard’s terms of use',
  isDefault: true,
})

export const minimosFeed = rollingFeed({
  name: 'minimos',
  ecosystem: 'MinimOS',
  home: 'https://packages.mini.dev/advisories/secdb',
  licence: 'Minimus’s terms of use',
  isDefault: false,
})

function rollingFeed({
  ecosystem,
  ...row
}: Pick<Feed, 'name' | 'home' | 'licence' | 'isDefault'> & { readonly ecosystem: string }): Feed {
  const kind = { ecosystem, prefix: ecosystem.toUpperCase() }
  return {
    ...row,
    says: `${ecosystem}’s secdb: what its packages mended`,
    ecosystems: [ecosystem],
    parts: { kind: 'fixed', names: [''] },
    readPart: (origin, { cursor }, options) =>
      readFile(origin, { path: 'security.json', cursor, kind }, options),
  }
}

function readFile(
  origin: FeedOrigin,
  { path, cursor, kind }: { path: string; cursor: string | undefined; kind: SecdbKind },
  options: PartOptions,
): ReturnType<Feed['readPart']> {
  const records = (file: string): ReturnType<typeof readSecdb> =>
    readSecdb(openDecodedFile(file), kind, fileLimits)
  return readWholeFile(origin, { path, cursor, records }, options)
}

const maxIndexBytes = 1024 ** 2
const maxBranches = 200

/** The page of the directory links each branch; the first ones had no community repository. */
async function listBranches(origin: FeedOrigin, options: PartOptions): Promise<readonly string[]> {
  const page = await requireText(origin, '', { maxBytes: maxIndexBytes, isPage: true }, options)
  const found = [...page.matchAll(/href="(?:\.?\/)?(v([0-9]{1,2})\.([0-9]{1,3}))\/?"/g)]
  const branches = new Map(found.map(([, branch = '', major, minor]) => [branch, { major, minor }]))
  if (branches.size === 0 || branches.size > maxBranches)
    throw new FeedError('malformed', 'the page of branches names none, or too many')
  return [...branches].flatMap(([branch, { major, minor }]) => {
    const hasCommunity = Number(major) > 3 || Number(minor) >= 3
    return hasCommunity ? [`${branch}/main`, `${branch}/community`] : [`${branch}/main`]
  })
}
