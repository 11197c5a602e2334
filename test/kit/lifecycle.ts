// Lifecycle policies and images in few words, as the golden cases are written: src/lifecycle/rules/cases.
import type { LifecycleGuard } from '../../src/lifecycle/rules/lifecycle-guard.ts'
import type { LifecycleImage } from '../../src/lifecycle/rules/lifecycle-image.ts'
import { dayMs, type LifecyclePolicy } from '../../src/lifecycle/rules/lifecycle-policy.ts'
import { parseLifecycle } from '../../src/lifecycle/rules/parse-lifecycle.ts'

const countTypes: Readonly<Record<string, string>> = {
  count: 'imageCountMoreThan',
  pushed: 'sinceImagePushed',
  pulled: 'sinceImagePulled',
  archived: 'sinceImageTransitioned',
}

/** `1 prefix:a,b count:3`, `2 cold any archived:90d`, `3 untagged pushed:30d archive`: a rule as ECR's JSON has it. */
function ruleOf(text: string): unknown {
  const [priority = '', ...words] = text.split(' ')
  const isCold = words[0] === 'cold'
  const [about = '', measure = '', action] = isCold ? words.slice(1) : words
  const [status = '', list] = about.split(':')
  const [counted = '', number = ''] = measure.split(':')
  const isTagged = status === 'prefix' || status === 'pattern'
  const lists = isTagged
    ? { [status === 'prefix' ? 'tagPrefixList' : 'tagPatternList']: (list ?? '').split(',') }
    : {}
  return {
    rulePriority: Number(priority),
    selection: {
      tagStatus: isTagged ? 'tagged' : status,
      ...lists,
      ...(isCold ? { storageClass: 'archive' } : {}),
      countType: countTypes[counted],
      ...(counted === 'count' ? {} : { countUnit: 'days' }),
      countNumber: Number(number.replace(/d$/, '')),
    },
    action:
      action === 'archive'
        ? { type: 'transition', targetStorageClass: 'archive' }
        : { type: 'expire' },
  }
}

export function lifecycleText(rules: readonly string[]): string {
  return JSON.stringify({ rules: rules.map(ruleOf) }, undefined, 1)
}

export function lifecycleOf(rules: readonly string[]): LifecyclePolicy {
  const read = parseLifecycle(lifecycleText(rules), { limits: 'secure' })
  if (read.kind === 'read') return read.policy
  throw new Error(read.faults.map(({ words }) => words).join('; '))
}

const unitMs: Readonly<Record<string, number>> = { d: dayMs, h: 3_600_000, ms: 1 }

/** `30d+1ms`, `-1d`: so long before now. */
function agoMs(text: string): number {
  return [...text.matchAll(/([+-]?)([0-9]+)(d|h|ms)/g)].reduce(
    (sum, [, sign, number, unit = '']) =>
      sum + (sign === '-' ? -1 : 1) * Number(number) * (unitMs[unit] ?? Number.NaN),
    0,
  )
}

/** `v1 latest | 10d, pulled 3d, archived 100d, restored 1d, in I J, of S, type application/x`. */
export function lifecycleImage(digest: string, text: string, now: number): LifecycleImage {
  const [tags = '', facts = ''] = text.split('|')
  const [age = '', ...others] = facts.split(',').map((fact) => fact.trim())
  const told = new Map(
    others.map((fact) => {
      const [word = '', ...rest] = fact.split(' ')
      return [word, rest.join(' ')] as const
    }),
  )
  const dateOf = (word: string, member: string): Readonly<Record<string, number>> => {
    const ago = told.get(word)
    return ago === undefined || ago === '?' ? {} : { [member]: now - agoMs(ago) }
  }
  const [subject, artifactType, holders] = ['of', 'type', 'in'].map((word) => told.get(word))
  return {
    digest,
    tags: tags.trim() === '' ? [] : tags.trim().split(' '),
    pushedAt: now - agoMs(age),
    storageClass: told.has('archived') ? 'archive' : 'standard',
    ...dateOf('pulled', 'lastPulledAt'),
    ...dateOf('archived', 'archivedAt'),
    ...dateOf('restored', 'restoredAt'),
    heldBy: holders === undefined ? [] : holders.split(' '),
    ...(subject === undefined ? {} : { subject }),
    ...(artifactType === undefined ? {} : { artifactType }),
  }
}

/** `{ "A": "v1 | 1d", "u[3]": "" }`: the second is u1, u2 and u3, of one, two and three days. */
export function lifecycleImages(
  images: Readonly<Record<string, string>>,
  now: number,
): readonly LifecycleImage[] {
  return Object.entries(images).flatMap(([name, text]) => {
    const many = /^(\w+)\[([0-9]+)\]$/.exec(name)
    if (many === null) return [lifecycleImage(name, text, now)]
    const [, stem = '', count = ''] = many
    return Array.from({ length: Number(count) }, (_, index) =>
      lifecycleImage(`${stem}${index + 1}`, `${text} | ${index + 1}d`, now),
    )
  })
}

export function guardOf(members: Partial<LifecycleGuard>): LifecycleGuard {
  return {
    repositories: ['*'],
    running: [],
    runningInClusters: false,
    released: [],
    signed: false,
    pulledWithinDays: 0,
    lastOfPrefix: [],
    ...members,
  }
}
