// Purpose:  which images of a repository are looked into, and what beside them calls itself a signature?
// Spec:     our own (docs/posture.md, "What it reads"); OCI distribution-spec, referrers; cosign's tags for signatures.
// Input:    what a list of images says of each; tags and media types are hostile.
// Deviates: nothing.
// Unknowns: an artifact of no stated type counts as an image: what is not looked at could hide anything.

import type { ImageEvidence } from './evidence.ts'

export interface ListedImage {
  readonly tags: readonly string[]
  readonly artifactType: string | undefined
  /** Milliseconds; undefined where the source does not tell. */
  readonly pushedAt: number | undefined
  readonly lastPulledAt: number | undefined
}

export interface ChosenImages<Image> {
  /** The newest one that a tag names. */
  readonly latest: Image | undefined
  /** The latest, then those that were pulled within 30 days, the last first. */
  readonly lookedInto: ReadonlySet<Image>
}

const latelyMs = 30 * 86_400_000

/** `looked`: so many are looked into at most; `now` in milliseconds. */
export function chooseImages<Image extends ListedImage>(
  images: readonly Image[],
  { now, looked }: { readonly now: number; readonly looked: number },
): ChosenImages<Image> {
  const latest = images
    .filter(isTaggedImage)
    .toSorted((a, b) => (b.pushedAt ?? 0) - (a.pushedAt ?? 0))[0]
  const pulled = images
    .filter((one) => isImage(one) && one !== latest && now - (one.lastPulledAt ?? 0) <= latelyMs)
    .toSorted((a, b) => (b.lastPulledAt ?? 0) - (a.lastPulledAt ?? 0))
  const wanted = [...(latest === undefined ? [] : [latest]), ...pulled]
  return { latest, lookedInto: new Set(wanted.slice(0, looked)) }
}

/** What only looking into an image tells. */
export type InsideOfImage = Pick<
  ImageEvidence,
  'scans' | 'configurations' | 'layers' | 'signatures'
>

/** Of what is not looked into: `why` says it of an image. */
export function notLookedInto(image: ListedImage, why: string): InsideOfImage {
  const one = isImage(image)
    ? ({ kind: 'unknown', why } as const)
    : ({ kind: 'not-applicable', why: 'it is no image' } as const)
  return { scans: one, configurations: one, layers: one, signatures: one }
}

export const onlyOfNewest = {
  kind: 'not-applicable',
  why: 'only the newest image is asked for it',
} as const

/** Charts, signatures and bills of materials are kept beside images; nobody runs them, and nothing in them is judged. */
export function isImage({ artifactType, tags }: ListedImage): boolean {
  const isSignature = tags.length > 0 && tags.every((tag) => signatureTag.test(tag))
  return !isSignature && (artifactType === undefined || isImageConfigType(artifactType))
}

export function isImageConfigType(mediaType: string): boolean {
  return /container\.image\.v1|image\.config\.v1/.test(mediaType)
}

const signatureTag = /^sha(?:256|512)-[0-9a-f]{64,128}(?:\.(?:sig|att|sbom))?$/

function isTaggedImage(image: ListedImage): boolean {
  return isImage(image) && image.tags.length > 0
}

/** How many artifacts call themselves signatures: by referrers, and by the tags that cosign gave them before there were any. */
export function countClaimedSignatures(
  digest: string,
  {
    referrerTypes,
    images,
  }: { readonly referrerTypes: readonly string[]; readonly images: readonly ListedImage[] },
): number {
  const tag = `${digest.replace(':', '-')}.sig`
  const byType = referrerTypes.filter((type) =>
    /cosign|sigstore|notary|notation|signature/i.test(type),
  )
  return byType.length + images.filter(({ tags }) => tags.includes(tag)).length
}

/** `debian-12`, as the purl of a package of a distribution says it. */
export function releaseIn(purl: string | undefined): string | undefined {
  return /[?&]distro=([a-z0-9._-]{1,100})/.exec(purl ?? '')?.[1]
}
