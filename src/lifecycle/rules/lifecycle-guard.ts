// Purpose:  which images an account keeps whatever its lifecycle policies say.
// Spec:     Pratique's own, beyond ECR: docs/lifecycle.md, "Guards". A document apart, so that ECR's policies stay valid.
// Input:    guards in force for one repository, and all images of it.
// Deviates: nothing.
// Unknowns: a date that is not known protects where a date is asked for.
import { companionTag } from '../../registry/rules/companion-tag.ts'
import type { LifecycleImage } from './lifecycle-image.ts'
import { dayMs } from './lifecycle-policy.ts'
import { globTest } from './tag-selection.ts'

/** What one document protects in the repositories whose names match. */
export interface LifecycleGuard {
  /** Names or patterns with `*`. */
  readonly repositories: readonly string[]
  /** Digests that run somewhere; the indexes that list them are kept too. */
  readonly running: readonly string[]
  /** Whether what clusters run is kept: whoever evaluates puts it into `running`. */
  readonly runningInClusters: boolean
  /** Patterns of tags that mark a release. */
  readonly released: readonly string[]
  /** Whether an image with a signature beside it is kept. */
  readonly signed: boolean
  /** Days after the last pull in which an image is kept; 0 where nothing is asked for. */
  readonly pulledWithinDays: number
  /** Prefixes of tags of which the youngest image is kept. */
  readonly lastOfPrefix: readonly string[]
}

export type GuardKind = 'running' | 'released' | 'signed' | 'pulled' | 'last-of-prefix'

export interface GuardReason {
  readonly guard: GuardKind
  /** A tag, a prefix, a digest or a date: what it was kept for. */
  readonly because: string
}

export type GuardTest = (image: LifecycleImage) => GuardReason | undefined

/** Artifact types of signatures: cosign's, sigstore's bundles and Notary Project's. */
const signatureTypes: ReadonlySet<string> = new Set([
  'application/vnd.dev.cosign.artifact.sig.v1+json',
  'application/vnd.dev.cosign.simplesigning.v1+json',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.cncf.notary.signature',
])

/** Guards that concern a repository, in the order of the document. */
export function guardsOf(
  guards: readonly LifecycleGuard[],
  repository: string,
): readonly LifecycleGuard[] {
  return guards.filter(({ repositories }) =>
    repositories.some((pattern) => globTest(pattern)(repository)),
  )
}

/** Guards of a repository with what runs of it, where they ask for that. */
export function withRunning(
  guards: readonly LifecycleGuard[],
  digests: readonly string[],
): readonly LifecycleGuard[] {
  return guards.map((guard) =>
    guard.runningInClusters ? { ...guard, running: [...guard.running, ...digests] } : guard,
  )
}

/** The guards as one test. `youngestFirst`: all images of the repository in that order. */
export function guardTest(
  guards: readonly LifecycleGuard[],
  youngestFirst: readonly LifecycleImage[],
  now: number,
): GuardTest {
  if (guards.length === 0) return () => undefined
  const tests = [
    runningTest(new Set(guards.flatMap(({ running }) => running)), youngestFirst),
    releasedTest(guards.flatMap(({ released }) => released)),
    lastOfPrefixTest(
      guards.flatMap(({ lastOfPrefix }) => lastOfPrefix),
      youngestFirst,
    ),
    ...(guards.some(({ signed }) => signed) ? [signedTest(youngestFirst)] : []),
    pulledTest(Math.max(...guards.map(({ pulledWithinDays }) => pulledWithinDays)), now),
  ]
  return (image) => {
    for (const test of tests) {
      const reason = test(image)
      if (reason !== undefined) return reason
    }
    return undefined
  }
}

/** A node tells the digest of a platform's image; the index by which it was named must stay as well. */
function runningTest(running: ReadonlySet<string>, images: readonly LifecycleImage[]): GuardTest {
  const runs = new Map([...running].map((digest) => [digest, digest]))
  for (const { digest, heldBy } of images) {
    if (running.has(digest)) for (const index of heldBy) runs.set(index, digest)
  }
  return ({ digest }) => {
    const because = runs.get(digest)
    return because === undefined ? undefined : { guard: 'running', because }
  }
}

function releasedTest(patterns: readonly string[]): GuardTest {
  const tests = patterns.map(globTest)
  return ({ tags }) => {
    const because = tags.find((tag) => tests.some((test) => test(tag)))
    return because === undefined ? undefined : { guard: 'released', because }
  }
}

function signedTest(images: readonly LifecycleImage[]): GuardTest {
  const signed = new Map(
    images.flatMap(({ digest, subject, artifactType, tags }) =>
      subject !== undefined && (signatureTypes.has(artifactType ?? '') || tags.some(isOfCosign))
        ? [[subject, digest] as const]
        : [],
    ),
  )
  return ({ digest }) => {
    const because = signed.get(digest)
    return because === undefined ? undefined : { guard: 'signed', because }
  }
}

/** cosign's older layout: its manifests have no type of their own. */
function isOfCosign(tag: string): boolean {
  return companionTag(tag)?.kind === 'sig'
}

function lastOfPrefixTest(
  prefixes: readonly string[],
  youngestFirst: readonly LifecycleImage[],
): GuardTest {
  const last = new Map<string, string>()
  for (const prefix of new Set(prefixes)) {
    const youngest = youngestFirst.find(({ tags }) => tags.some((tag) => tag.startsWith(prefix)))
    if (youngest !== undefined && !last.has(youngest.digest)) last.set(youngest.digest, prefix)
  }
  return ({ digest }) => {
    const because = last.get(digest)
    return because === undefined ? undefined : { guard: 'last-of-prefix', because }
  }
}

function pulledTest(days: number, now: number): GuardTest {
  return ({ lastPulledAt }) => {
    if (days === 0 || lastPulledAt === undefined || now - lastPulledAt > days * dayMs)
      return undefined
    return { guard: 'pulled', because: new Date(lastPulledAt).toISOString() }
  }
}
