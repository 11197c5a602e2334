// What a client may rely on: everything that was acknowledged, and nothing else.
import { createHash } from 'node:crypto'

export type Digest = `sha256:${string}`

export interface ManifestFacts {
  readonly bytes: Buffer
  readonly mediaType: string
  readonly blobs: readonly Digest[]
  readonly children: readonly Digest[]
  readonly subject: Digest | undefined
}

export interface RepositoryState {
  readonly blobs: Set<Digest>
  /** Blobs of which nothing is promised until they are pushed again: somebody has damaged their bytes, or their grace is over. */
  readonly damaged: Set<Digest>
  readonly manifests: Map<Digest, ManifestFacts>
  readonly tags: Map<string, Digest>
  /** Acknowledged bytes by the path of the upload. */
  readonly uploads: Map<string, number>
}

/** By name of the repository. */
export type State = Map<string, RepositoryState>

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

export function emptyRepository(): RepositoryState {
  return {
    blobs: new Set(),
    damaged: new Set(),
    manifests: new Map(),
    tags: new Map(),
    uploads: new Map(),
  }
}

export function cloneState(state: State): State {
  return new Map(
    [...state].map(([name, { blobs, damaged, manifests, tags, uploads }]) => [
      name,
      {
        blobs: new Set(blobs),
        damaged: new Set(damaged),
        manifests: new Map(manifests),
        tags: new Map(tags),
        uploads: new Map(uploads),
      },
    ]),
  )
}

export function inState(state: State, name: string): RepositoryState {
  const repository = state.get(name)
  if (repository === undefined) throw new Error(`the model has no repository ${name}`)
  return repository
}

/** What a collection leaves when every grace is over: uploads end, blobs without a manifest go. */
export function collectState(state: State, options: { readonly untagged: boolean }): void {
  for (const repository of state.values()) {
    repository.uploads.clear()
    if (options.untagged) removeUntagged(repository)
    const needed = new Set([...repository.manifests.values()].flatMap(({ blobs }) => blobs))
    for (const digest of repository.blobs) {
      if (!needed.has(digest)) repository.blobs.delete(digest)
    }
  }
}

/** Manifests that no tag, no index and no present subject keeps; again until there is none. */
function removeUntagged({ manifests, tags }: RepositoryState): void {
  for (;;) {
    const kept = new Set([...tags.values(), ...[...manifests.values()].flatMap((m) => m.children)])
    const loose = [...manifests].filter(
      ([digest, { subject }]) =>
        !kept.has(digest) && (subject === undefined || !manifests.has(subject)),
    )
    if (loose.length === 0) return
    for (const [digest] of loose) manifests.delete(digest)
  }
}

/** Everything that can be asked about a state, as question and answer. */
export type Facts = ReadonlyMap<string, string>

/** The answers that a state promises to the questions of all states together. */
export function factsOf(state: State, universe: readonly State[]): Facts {
  const facts = new Map<string, string>()
  for (const question of questionsAbout(universe)) {
    facts.set(keyOf(question), answerOf(state.get(question.repository), question))
  }
  return facts
}

export interface Question {
  readonly repository: string
  readonly about: 'tags' | 'tag' | 'manifest' | 'blob' | 'referrers' | 'upload'
  readonly name: string
}

export function keyOf({ repository, about, name }: Question): string {
  return `${repository} ${about} ${name}`
}

export function questionsAbout(states: readonly State[]): readonly Question[] {
  const questions = new Map<string, Question>()
  const ask = (repository: string, about: Question['about'], names: Iterable<string>): void => {
    for (const name of names) {
      const question = { repository, about, name }
      questions.set(keyOf(question), question)
    }
  }
  const damaged = new Set(states.flatMap((s) => [...s.values()].flatMap((r) => [...r.damaged])))
  for (const state of states) {
    for (const [name, { blobs, manifests, tags, uploads }] of state) {
      ask(name, 'tags', [''])
      ask(name, 'tag', tags.keys())
      ask(name, 'manifest', manifests.keys())
      ask(
        name,
        'blob',
        [...blobs].filter((digest) => !damaged.has(digest)),
      )
      ask(
        name,
        'referrers',
        [...manifests.values()].flatMap(({ subject }) => subject ?? []),
      )
      ask(name, 'upload', uploads.keys())
    }
  }
  return [...questions.values()]
}

export const absent = 'absent'
export const whole = 'whole'

function answerOf(state: RepositoryState | undefined, { about, name }: Question): string {
  if (state === undefined) return about === 'referrers' ? '' : absent
  switch (about) {
    case 'tags':
      return [...state.tags.keys()].toSorted().join(' ')
    case 'tag':
      return state.tags.get(name) ?? absent
    case 'manifest':
      return state.manifests.has(name as Digest) ? whole : absent
    case 'blob':
      return state.blobs.has(name as Digest) ? whole : absent
    case 'referrers':
      return [...state.manifests]
        .filter(([, { subject }]) => subject === name)
        .map(([digest]) => digest)
        .toSorted()
        .join(' ')
    case 'upload':
      return String(state.uploads.get(name) ?? absent)
  }
}
