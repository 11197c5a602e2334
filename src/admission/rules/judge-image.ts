// Purpose:  is the image itself as a policy outcome it: its age, and how it is named?
// Spec:     our own; docs/gate.md. Signing reference 6.2 (references), 7 (golden cases 28, 29).
// Input:    facts of the image.
// Deviates: an image whose config does not say when it was built is as old as its push, and a remark says so.
// Unknowns: no time at all, and a tag of which nobody tells whether it may move → unknown.
import type { Requirements } from './admission-policy.ts'
import type { ImageFacts } from './evidence.ts'
import type { Judged } from './judged.ts'

export function judgeImage(
  image: ImageFacts,
  { maxImageAgeMs, tagMutability, digest }: Requirements,
  now: number,
): readonly Judged[] {
  return [
    ...(maxImageAgeMs === undefined ? [] : judgeAge(image, maxImageAgeMs, now)),
    ...(tagMutability === undefined ? [] : judgeTag(image)),
    ...(digest === undefined ? [] : judgeName(image)),
  ]
}

const dayMs = 86_400_000

function judgeAge(image: ImageFacts, maxAgeMs: number, now: number): readonly Judged[] {
  const rule = 'require.maxImageAge'
  const { created, pushedAt } = image
  const isByPush = created.kind === 'unsaid' && pushedAt !== undefined
  const at = created.kind === 'known' ? created.at : isByPush ? pushedAt : undefined
  if (at === undefined) {
    const message = 'nobody tells when it was built'
    return [{ code: 'image-age-unknown', outcome: 'deny', rule, message }]
  }
  const told: readonly Judged[] = isByPush
    ? [{ code: 'image-age-by-push', outcome: 'info', rule, message: byPush }]
    : []
  const until = at + maxAgeMs + 1
  if (now >= until) {
    const message = `it is ${days(now - at)} old, more than ${days(maxAgeMs)}`
    const remedy = { text: 'build it anew' }
    return [...told, { code: 'image-too-old', outcome: 'deny', rule, message, remedy }]
  }
  return [...told, { code: 'image-too-old', outcome: 'nothing', message: '', until }]
}

function days(ms: number): string {
  return `${(ms / dayMs).toFixed(1)} d`
}

const byPush = 'its config does not say when it was built: its push counts'

function judgeTag({ named, repository }: ImageFacts): readonly Judged[] {
  if (named.kind === 'digest' || named.mutability === 'immutable') return []
  const rule = 'require.tagMutability'
  if (named.mutability === 'unknown') {
    const message = `nobody tells whether the tag ${named.tag} may move`
    return [{ code: 'tag-mutability-unknown', outcome: 'deny', rule, message }]
  }
  const message = `the tag ${named.tag} may move to another image`
  const remedy = {
    text: 'name it by its digest, or make the tags of the repository immutable',
    command: `aws ecr put-image-tag-mutability --repository-name ${repository} --image-tag-mutability IMMUTABLE`,
  }
  return [{ code: 'tag-mutable', outcome: 'deny', rule, message, remedy }]
}

function judgeName({ named, repository, digest }: ImageFacts): readonly Judged[] {
  if (named.kind === 'digest') return []
  const message = `it is named by the tag ${named.tag}; wanted is its digest`
  const text = digest === undefined ? 'name it by its digest' : `use ${repository}@${digest}`
  const rule = 'require.digest'
  return [{ code: 'digest-required', outcome: 'deny', rule, message, remedy: { text } }]
}
