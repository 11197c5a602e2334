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

/** Referrers of what goes, and theirs, save those that an index holds. */
function addFollowers(gone: Set<string>, decisions: readonly Decision[]): void {
  const followers = new Map<string, LifecycleImage[]>()
  for (const { image } of decisions) {
    if (image.subject === undefined || image.heldBy.length > 0) continue
    const beside = followers.get(image.subject)
    if (beside === undefined) followers.set(image.subject, [image])
    else beside.push(image)
  }
  const waiting = [...gone]
  for (let subject = waiting.pop(); subject !== undefined; subject = waiting.pop()) {
    for (const { digest } of followers.get(subject) ?? []) {
      if (gone.has(digest)) continue
      gone.add(digest)
      waiting.push(digest)
    }
  }
}
