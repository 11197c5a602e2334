// What rules of one kind of resource share: gathering what is seen of each, and saying why nothing can be.
import type { ImageEvidence, PostureEvidence, RepositoryEvidence, Told } from './evidence.ts'
import type { Judgement, Seen } from './posture-rule.ts'

type Look = Omit<Seen, 'resource' | 'values'> & { readonly values?: Seen['values'] }

/** Nothing to look at is no pass. */
export function judged(seen: readonly Seen[], nothing: string): Judgement {
  return seen.length === 0 ? { kind: 'not-applicable', why: nothing } : { kind: 'judged', seen }
}

/** What was told is judged; all else is what it is. */
export function whenTold<T>(told: Told<T>, judge: (value: T) => Judgement): Judgement {
  return told.kind === 'told' ? judge(told.value) : told
}

/** Looks at each repository that is there; a look that gives nothing is about something else. */
export function eachRepository(
  { repositories }: PostureEvidence,
  look: (repository: RepositoryEvidence) => readonly Look[] | Look | undefined,
): Judgement {
  return whenTold(repositories, (all) =>
    judged(
      all.flatMap((repository) =>
        listed(look(repository)).map((one) => ({
          resource: repository.name,
          ...one,
          values: { repository: repository.name, ...one.values },
        })),
      ),
      'no repository is concerned',
    ),
  )
}

/** A part of a repository that is not told is unknown for that repository alone. */
export function tellingOf<T>(
  told: Told<T>,
  look: (value: T) => readonly Look[] | Look | undefined,
): readonly Look[] {
  if (told.kind === 'told') return listed(look(told.value))
  if (told.kind === 'not-applicable') return []
  return [unknown(told.why, told.action)]
}

/** Looks at images, each named by a tag where it has one. */
export function eachImage(
  evidence: PostureEvidence,
  look: (
    image: ImageEvidence,
    repository: RepositoryEvidence,
  ) => readonly Look[] | Look | undefined,
): Judgement {
  return whenTold(evidence.repositories, (all) =>
    judged(
      all.flatMap((repository) => imagesOf(repository, look)),
      'no image is concerned',
    ),
  )
}

function imagesOf(
  repository: RepositoryEvidence,
  look: Parameters<typeof eachImage>[1],
): readonly Seen[] {
  const { name, images } = repository
  if (images.kind === 'not-applicable') return []
  if (images.kind === 'unknown') {
    const { why, action } = images
    return [{ resource: name, ...unknown(why, action), values: { repository: name } }]
  }
  return images.value.flatMap((image) =>
    listed(look(image, repository)).map((one) => ({
      resource: imageName(name, image),
      ...one,
      values: {
        repository: name,
        image: imageName(name, image),
        digest: image.digest,
        ...one.values,
      },
    })),
  )
}

export function imageName(repository: string, { tags, digest }: ImageEvidence): string {
  const [tag] = tags
  return tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`
}

export function pass(words: string): Look {
  return { outcome: 'pass', words }
}

export function fail(words: string, values: Seen['values'] = {}): Look {
  return { outcome: 'fail', words, values }
}

export function unknown(words: string, action?: string): Look {
  return { outcome: 'unknown', words, ...(action === undefined ? {} : { action }) }
}

function listed(looks: readonly Look[] | Look | undefined): readonly Look[] {
  if (looks === undefined) return []
  return 'outcome' in looks ? [looks] : looks
}

/** The first few by name. */
export function fewOf(names: readonly string[], most = 4): string {
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}

export const dayMs = 86_400_000

export function daysSince(at: number, now: number): number {
  return Math.floor((now - at) / dayMs)
}
