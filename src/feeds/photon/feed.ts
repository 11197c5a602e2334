import { FeedError } from '../../storage/feeds/transport.ts'
import { openDecodedFile } from '../decoded-file.ts'
import type { Feed, PartOptions } from '../feed.ts'
import { parseObject, textsOf } from '../json-values.ts'
import { fileLimits } from '../limits.ts'
import { requireText, type FeedOrigin } from '../origin.ts'
import { readWholeFile } from '../parts.ts'
import { readPhotonData } from './cve-data.ts'

export const photonFeed: Feed = {
  name: 'photon',
  says: 'the flaws of Photon OS, open ones too; each release is a part',
  home: 'https://packages.broadcom.com/photon/photon_cve_metadata',
  licence: 'Broadcom’s terms of use',
  isDefault: false,
  ecosystems: ['Photon OS'],
  parts: { kind: 'listed', list: listReleases },
  readPart: (origin, { part: release, cursor }, options) => {
    const path = `cve_data_photon${release}.json`
    const records = (file: string): ReturnType<typeof readPhotonData> =>
      readPhotonData(openDecodedFile(file), { release }, fileLimits)
    return readWholeFile(origin, { path, cursor, records }, options)
  },
}

async function listReleases(origin: FeedOrigin, options: PartOptions): Promise<readonly string[]> {
  const text = await requireText(origin, 'photon_versions.json', { maxBytes: 64 * 1024 }, options)
  const named = textsOf(parseObject(text)?.['branches'])
  const releases = named.filter((name) => /^[0-9]{1,2}\.[0-9]{1,2}$/.test(name)).slice(0, 50)
  if (releases.length === 0)
    throw new FeedError('malformed', 'photon_versions.json names no release')
  return releases
}
