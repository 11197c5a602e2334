// Distributions that publish in OSV's format: their ecosystems of OSV's archive, each under the distribution's own name.
import type { Feed } from './feed.ts'
import { osvFeed } from './osv.ts'

export const ubuntuFeed = distributionFeed({
  name: 'ubuntu',
  says: 'Ubuntu’s security data by Canonical: every flaw of every source package by release, those of Pro too',
  licence: 'CC-BY-SA-4.0',
  isDefault: true,
  ecosystems: ['Ubuntu'],
})

export const almalinuxFeed = distributionFeed({
  name: 'almalinux',
  says: 'AlmaLinux’s errata',
  licence: 'MIT',
  isDefault: true,
  ecosystems: ['AlmaLinux'],
})

export const rockyFeed = distributionFeed({
  name: 'rocky',
  says: 'Rocky Linux’s errata',
  licence: 'BSD-3-Clause',
  isDefault: true,
  ecosystems: ['Rocky Linux'],
})

export const suseFeed = distributionFeed({
  name: 'suse',
  says: 'SUSE’s and openSUSE’s updates',
  licence: 'CC-BY-4.0',
  isDefault: false,
  ecosystems: ['SUSE', 'openSUSE'],
})

/** Each of its ecosystems is a part. */
function distributionFeed(
  row: Pick<Feed, 'name' | 'says' | 'licence' | 'isDefault' | 'ecosystems'>,
): Feed {
  return {
    ...row,
    home: osvFeed.home,
    parts: { kind: 'fixed', names: row.ecosystems },
    readPart: (origin, request, options) => osvFeed.readPart(origin, request, options),
  }
}
