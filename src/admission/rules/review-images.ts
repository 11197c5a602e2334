// Purpose:  which images of an API server's request are to be judged, and what do judgements make of the request?
// Spec:     signing reference 6.1 to 6.3: what runs already is not judged again, and a pod is where it counts.
// Input:    a request that was read; then one judgement for each image that was to be judged.
// Deviates: nothing.
// Unknowns: more images than are looked at, and a reference that is none, deny.
import type { ReviewAnswer, ReviewRequest, PatchStep } from './admission-review.ts'
import { isLeaving, isMirror } from './admission-review.ts'
import type { ClusterSettings } from './cluster-settings.ts'
import type { Decision } from './decide.ts'
import { readImageReference, type NormalReference } from './image-reference.ts'
import { bearsPods, isPod, podImages, pointerOf, showPath, type NamedImage } from './pod-images.ts'

export interface ReviewedImage {
  readonly named: NamedImage
  readonly reference: NormalReference
}

export type ReviewPlan =
  /** Nothing of it is judged. */
  | { readonly kind: 'pass'; readonly why: string; readonly warnings: readonly string[] }
  | {
      readonly kind: 'judge'
      readonly images: readonly ReviewedImage[]
      /** Sentences about images that no judgement can be made of: each denies. */
      readonly faults: readonly string[]
    }

export const maxReviewedImages = 200

export function planReview(
  request: ReviewRequest,
  { controllers }: Pick<ClusterSettings, 'controllers'>,
): ReviewPlan {
  const { kind, operation, object, oldObject } = request
  if (operation !== 'CREATE' && operation !== 'UPDATE') return pass('operation')
  if (!bearsPods(kind)) return pass('kind', [`${kind.kind} is not judged: its pods are`])
  if (!isPod(kind) && controllers === 'off') return pass('controllers')
  if (isLeaving(request)) return pass('deleted')
  if (isPod(kind) && isMirror(request))
    return pass('mirror', ['a static pod runs already: its images were not judged'])
  const before = new Set(
    operation === 'UPDATE' ? podImages(kind, oldObject).map(({ image }) => image) : [],
  )
  const named = podImages(kind, object).filter(({ image }) => !before.has(image))
  if (named.length === 0) return pass('unchanged')
  if (named.length > maxReviewedImages) {
    const fault = `it names ${named.length} images; at most ${maxReviewedImages} are judged`
    return { kind: 'judge', images: [], faults: [fault] }
  }
  return readImages(named, isPod(kind))
}

function pass(why: string, warnings: readonly string[] = []): ReviewPlan {
  return { kind: 'pass', why, warnings }
}

function readImages(named: readonly NamedImage[], isOfPod: boolean): ReviewPlan {
  const images: ReviewedImage[] = []
  const faults: string[] = []
  for (const one of named) {
    // Another controller fills what a template leaves empty; in a pod nobody does any more.
    if (one.image === '' && !isOfPod) continue
    const reading = readImageReference(one.image)
    if (reading.kind === 'read') images.push({ named: one, reference: reading.reference })
    else faults.push(`${showPath(one.path)}: ${quoted(one.image)} is no image: ${reading.problem}`)
  }
  return { kind: 'judge', images, faults }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200))
}

export interface JudgedImage extends ReviewedImage {
  readonly decision: Decision
  /** Where the tag is free to move to another image after the decision. */
  readonly isMovable: boolean
}

/** The strictest judgement decides; all are told. */
export function answerReview(
  request: ReviewRequest,
  judged: readonly JudgedImage[],
  {
    faults,
    settings,
  }: {
    readonly faults: readonly string[]
    readonly settings: Pick<ClusterSettings, 'controllers'>
  },
): ReviewAnswer {
  const denied = judged.filter(({ decision }) => decision.decision === 'deny')
  const sentences = [...faults, ...denied.map(sentenceOf)]
  const isLenient = !isPod(request.kind) && settings.controllers === 'warn'
  const warnings = [
    ...(isLenient ? sentences.map((text) => `its pods would be denied: ${text}`) : []),
    ...judged.flatMap(warningsOf),
  ]
  const allowed = sentences.length === 0 || isLenient
  return {
    allowed,
    ...(allowed ? {} : { message: `pratique: ${sentences.join('; ')}` }),
    warnings,
    auditAnnotations: annotationsOf(judged, { faults, allowed }),
  }
}

function sentenceOf({ named, decision }: JudgedImage): string {
  const reasons = decision.reasons.filter(({ outcome }) => outcome === 'deny')
  const told = reasons.slice(0, 5).map(({ message }) => message)
  const more =
    reasons.length > told.length ? [`and ${reasons.length - told.length} more reasons`] : []
  const fixes = decision.remedies.slice(0, 2).map(({ text, command }) => command ?? text)
  const fix = fixes.length === 0 ? '' : ` (${fixes.join('; ')})`
  return `${showPath(named.path)} ${named.image}: ${[...told, ...more].join(', ')}${fix}`
}

function warningsOf({ named, decision, isMovable }: JudgedImage): readonly string[] {
  const told = decision.reasons
    .filter(
      ({ outcome }) => outcome === 'warn' || (outcome === 'deny' && decision.decision === 'warn'),
    )
    .map(({ message }) => `${named.image}: ${message}`)
  const movable = `${named.image}: the tag may move to another image after this (tag-mutable)`
  return isMovable && decision.decision !== 'deny' ? [...told, movable] : told
}

/** The API server puts the webhook's name before each key. */
function annotationsOf(
  judged: readonly JudgedImage[],
  { faults, allowed }: { readonly faults: readonly string[]; readonly allowed: boolean },
): Readonly<Record<string, string>> {
  const codes = judged.flatMap(({ decision }) =>
    decision.reasons.filter(({ outcome }) => outcome !== 'info').map(({ code }) => code),
  )
  return {
    decision: allowed ? (codes.length === 0 ? 'allow' : 'warn') : 'deny',
    images: String(judged.length + faults.length),
    ...(codes.length === 0 ? {} : { reasons: [...new Set(codes)].join(',') }),
  }
}

/** Each image that is named by a tag, by what the tag names now; one that has a digest is left as it is. */
export function pinImages(
  images: readonly (ReviewedImage & { readonly digest: string | undefined })[],
): readonly PatchStep[] {
  return images.flatMap(({ named, reference, digest }) => {
    if (digest === undefined || reference.digest !== undefined) return []
    const tagged = hasTag(named.image) ? named.image : `${named.image}:${reference.tag ?? 'latest'}`
    return [{ op: 'replace', path: pointerOf(named.path), value: `${tagged}@${digest}` }]
  })
}

function hasTag(image: string): boolean {
  return image.slice(image.lastIndexOf('/') + 1).includes(':')
}
