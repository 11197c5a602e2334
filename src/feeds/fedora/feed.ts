import { FeedError } from '../../storage/feeds/transport.ts'
import type { Feed, PartOptions } from '../feed.ts'
import { requireText, type FeedOrigin } from '../origin.ts'
import { readErrata } from '../updateinfo/repository.ts'

export const fedoraFeed: Feed = {
  name: 'fedora',
  says: 'Fedora’s security updates; each supported release is a part',
  home: 'https://dl.fedoraproject.org/pub/fedora/linux/updates',
  licence: 'open; Fedora states no licence for the texts of updates',
  isDefault: false,
  ecosystems: ['Fedora'],
  parts: { kind: 'listed', list: listReleases },
  readPart: (origin, { part, cursor }, options) =>
    readErrata(
      origin,
      {
        base: `${part}/Everything/x86_64`,
        cursor,
        kind: {
          ecosystem: `Fedora:${part}`,
          vendor: 'Fedora',
          addressOf: (id) => `https://bodhi.fedoraproject.org/updates/${id}`,
        },
      },
      options,
    ),
}

/** Releases whose support ended leave the directory for the archive. */
async function listReleases(origin: FeedOrigin, options: PartOptions): Promise<readonly string[]> {
  const page = await requireText(origin, '', { maxBytes: 1024 ** 2, isPage: true }, options)
  const found = [...page.matchAll(/href="(?:\.?\/)?([0-9]{2,3})\/"/g)].map(([, name = '']) => name)
  const releases = [...new Set(found)].slice(0, 50)
  if (releases.length === 0) throw new FeedError('malformed', 'the page of releases names none')
  return releases
}
