// Purpose:  the images that are left when a policy's decisions are carried out, so that a later day can be judged.
// Spec:     Amazon ECR User Guide, "How lifecycle policies work": children of a list that went are judged the next time.
// Input:    the decisions for all images of a repository, and when they are carried out.
// Deviates: referrers go with their subject at once, as this registry deletes them.
// Unknowns: none.
import type { Decision } from './evaluate-lifecycle.ts'
import type { LifecycleImage } from './lifecycle-image.ts'

export function carryOut(decisions: readonly Decision[], now: number): readonly LifecycleImage[] {
  const gone = new Set(
    decisions.flatMap(({ image, verdict }) =>
      verdict.kind === 'act' && verdict.action === 'expire' ? [image.digest] : [],
    ),
  )
  addFollowers(gone, decisions)
  return decisions.flatMap(({ image, verdict }) => {
    if (gone.has(image.digest)) return []
    const heldBy = image.heldBy.filter((index) => !gone.has(index))
    const left = heldBy.length === image.heldBy.length ? image : { ...image, heldBy }
    const isArchived = verdict.kind === 'act' && verdict.action === 'archive'
    return [isArchived ? { ...left, storageClass: 'archive' as const, archivedAt: now } : left]
  })
}

/** Referrers of what goes, and theirs, save those that an index holds that stays. */
function addFollowers(gone: Set<string>, decisions: readonly Decision[]): void {
  const followers = followersOf(decisions)
  const waiting = [...gone]
  for (let subject = waiting.pop(); subject !== undefined; subject = waiting.pop()) {
    const beside = followers.get(subject) ?? []
    for (let isMore = true; isMore;) {
      const free = beside.filter(
        ({ digest, heldBy }) => !gone.has(digest) && heldBy.every((index) => gone.has(index)),
      )
      for (const { digest } of free) gone.add(digest)
      waiting.push(...free.map(({ digest }) => digest))
      // An index of referrers that went may be what held the others.
      isMore = free.length > 0
    }
  }
}

function followersOf(
  decisions: readonly Decision[],
): ReadonlyMap<string, readonly LifecycleImage[]> {
  const listed = listedSubjects(decisions)
  const followers = new Map<string, LifecycleImage[]>()
  for (const { image } of decisions) {
    const isUntagged = image.tags.length === 0
    const subject = image.subject ?? (isUntagged ? listed.get(image.digest) : undefined)
    if (subject === undefined) continue
    const beside = followers.get(subject)
    if (beside === undefined) followers.set(subject, [image])
    else beside.push(image)
  }
  return followers
}

/** Of an index that lists nothing but referrers of one subject, that subject. */
function listedSubjects(decisions: readonly Decision[]): ReadonlyMap<string, string | undefined> {
  const listed = new Map<string, string | undefined>()
  for (const { image } of decisions) {
    for (const index of image.heldBy) {
      const isSame = !listed.has(index) || listed.get(index) === image.subject
      listed.set(index, isSame ? image.subject : undefined)
    }
  }
  return listed
}
