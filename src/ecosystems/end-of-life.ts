// Purpose:  is the release of a distribution still supported?
// Spec:     none; the vendors' own dates (release-dates.ts has the source of each distribution).
// Input:    a distribution as its release files name it, and the time.
// Deviates: a support that only subscribers have counts where the image shows the subscription, and else is told beside the end.
// Unknowns: a distribution or a release without known dates, and a branch under development → unknown, never supported.
import type { Distribution } from './ecosystem.ts'
import { alpineBranchOf } from './release-files.ts'
import { distributionDates, type DistributionDates, type ReleaseDates } from './release-dates.ts'

export type EndOfLife =
  | {
      readonly kind: 'supported'
      /** The last day, ISO; absent for a distribution without releases. */
      readonly until?: string
      /** Where the support of the release itself has ended and another goes on. */
      readonly by?: string
    }
  | {
      readonly kind: 'ended'
      /** The last day of support, ISO. */
      readonly since: string
      /** Goes on for subscribers, of whom the image shows nothing. */
      readonly extension?: { readonly name: string; readonly until: string }
    }
  | { readonly kind: 'unknown'; readonly reason: string }

/** Distributions without releases: what is current is supported. */
const rolling = new Set(['arch', 'chainguard', 'gentoo', 'opensuse-tumbleweed', 'wolfi'])

export function endOfLife(distribution: Distribution, now: Date): EndOfLife {
  const { id } = distribution
  if (rolling.has(id)) return { kind: 'supported' }
  const dates = distributionDates.get(tableOf(distribution))
  if (dates === undefined) return unknown(`no dates are known for ${id}`)
  const release = releaseOf(distribution)
  if (release === undefined) return unknown(`this ${id} is no release`)
  const found = dates.releases.get(release)
  if (found === undefined) return unknown(`no dates are known for ${id} ${release}`)
  const today = now.toISOString().slice(0, 10)
  return judge({ dates, found, today, isSubscribed: distribution.isSubscribed === true })
}

function judge({
  dates: { extension },
  found: [end, extendedEnd],
  today,
  isSubscribed,
}: {
  readonly dates: DistributionDates
  readonly found: ReleaseDates
  readonly today: string
  readonly isSubscribed: boolean
}): EndOfLife {
  if (today <= end) return { kind: 'supported', until: end }
  if (extension === undefined || extendedEnd === undefined) return { kind: 'ended', since: end }
  const { name, isForEverybody } = extension
  const isEntitled = isForEverybody || isSubscribed
  if (today > extendedEnd) return { kind: 'ended', since: isEntitled ? extendedEnd : end }
  return isEntitled
    ? { kind: 'supported', until: extendedEnd, by: name }
    : { kind: 'ended', since: end, extension: { name, until: extendedEnd } }
}

function tableOf({ id, prettyName = '' }: Distribution): string {
  if (id === 'centos' && prettyName.includes('Stream')) return 'centos-stream'
  // Before Leap the distribution was called as the project.
  return id === 'opensuse' ? 'opensuse-leap' : id
}

/** By the distributions whose releases have two numbers; of all others the first one names it. */
const releaseNames: ReadonlyMap<string, (versionId: string) => string | undefined> = new Map([
  ['alpine', alpineRelease],
  ['amzn', (versionId) => (/^20[0-9]{2}\./.test(versionId) ? twoNumbers : firstNumber)(versionId)],
  ['debian', (versionId) => (/^[1-3]\./.test(versionId) ? twoNumbers : firstNumber)(versionId)],
  ['opensuse', twoNumbers],
  ['opensuse-leap', twoNumbers],
  ['openwrt', twoNumbers],
  ['photon', twoNumbers],
  // The first of a series is called 15 by itself and 15.0 by its vendor.
  ['sles', (versionId) => twoNumbers(/^[0-9]+$/.test(versionId) ? `${versionId}.0` : versionId)],
  ['ubuntu', (versionId) => twoNumbers(versionId.replace(/^0/, ''))],
])

function releaseOf({ id, versionId = '' }: Distribution): string | undefined {
  return (releaseNames.get(id) ?? firstNumber)(versionId)
}

function alpineRelease(versionId: string): string | undefined {
  const branch = alpineBranchOf(versionId)
  return branch === 'edge' ? undefined : branch
}

function firstNumber(versionId: string): string | undefined {
  return /^([0-9]+)(?:\.[0-9]+)*$/.exec(versionId)?.[1]
}

function twoNumbers(versionId: string): string | undefined {
  return /^([0-9]+\.[0-9]+)(?:\.[0-9]+)*$/.exec(versionId)?.[1]
}

function unknown(reason: string): EndOfLife {
  return { kind: 'unknown', reason }
}
