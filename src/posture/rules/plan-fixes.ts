// Purpose:  which failures have a remedy that is safe and exactly known, and why the others are left to people.
// Spec:     our own (docs/posture.md, "Mending"); Amazon ECR API, PutImageTagMutability, PutImageScanningConfiguration, PutLifecyclePolicy.
// Input:    rules as they were judged, the evidence they were judged by, creation templates of the registry.
// Deviates: nothing.
// Unknowns: what cannot be told is left, never mended on suspicion.
import { parseLifecycle } from '../../lifecycle/rules/parse-lifecycle.ts'
import type { PostureEvidence, RepositoryEvidence, Told } from './evidence.ts'
import { fillRemedy } from './fill-remedy.ts'
import type { JudgedRule, JudgedSeen } from './judge-posture.ts'

export type FixCall =
  | { readonly kind: 'immutable-tags' | 'scan-on-push' }
  | { readonly kind: 'lifecycle-policy'; readonly text: string }

export interface Fix {
  readonly rule: string
  readonly repository: string
  readonly call: FixCall
  /** The call as a command. */
  readonly command: string
  /** What it does, and where it comes from. */
  readonly words: string
}

export interface LeftFailure {
  readonly rule: string
  readonly resource: string
  readonly why: string
}

export interface FixPlan {
  readonly fixes: readonly Fix[]
  readonly left: readonly LeftFailure[]
}

export interface CreationTemplate {
  /** As it was put; `ROOT`: for what no other one is about. */
  readonly prefix: string
  readonly lifecyclePolicy: string | undefined
}

export interface FixInput {
  readonly rules: readonly JudgedRule[]
  readonly evidence: PostureEvidence
  readonly templates: Told<readonly CreationTemplate[]>
}

type Planned =
  | {
      readonly kind: 'fix'
      readonly call: FixCall
      readonly command: string
      readonly words: string
    }
  | { readonly kind: 'left'; readonly why: string }

type Planner = (repository: RepositoryEvidence, input: FixInput) => Planned

const planners: ReadonlyMap<string, Planner> = new Map([
  ['REG-001', planScanning],
  ['REG-003', planMutability],
  ['REG-004', planLifecycle],
])

export function planFixes(input: FixInput): FixPlan {
  const { repositories } = input.evidence
  const byName = new Map(
    (repositories.kind === 'told' ? repositories.value : []).map((one) => [one.name, one]),
  )
  const fixes: Fix[] = []
  const left: LeftFailure[] = []
  for (const { rule, seen } of input.rules)
    for (const { resource } of seen.filter(isOpen)) {
      const repository = byName.get(resource)
      const planner = planners.get(rule.id)
      const planned: Planned =
        planner === undefined || repository === undefined
          ? { kind: 'left', why: 'what mends it is a decision: the report has a command' }
          : planner(repository, input)
      if (planned.kind === 'left') left.push({ rule: rule.id, resource, why: planned.why })
      else {
        const { call, command: words } = planned
        const command = fillRemedy(words, { repository: resource })
        fixes.push({ rule: rule.id, repository: resource, call, command, words: planned.words })
      }
    }
  return { fixes, left }
}

function isOpen({ outcome, suppressedBy }: JudgedSeen): boolean {
  return outcome === 'fail' && suppressedBy === undefined
}

function planScanning(): Planned {
  return {
    kind: 'fix',
    call: { kind: 'scan-on-push' },
    command:
      'aws ecr put-image-scanning-configuration --repository-name {repository} --image-scanning-configuration scanOnPush=true',
    words: 'images are scanned when they are pushed',
  }
}

/** Tags that are made to move: whoever pushes them next would be refused. */
const movingTag =
  /^(?:latest|main|master|trunk|develop|dev|edge|nightly|next|canary|beta|alpha|rc|stable|staging|stage|prod|production|test|current|[0-9]+|v[0-9]+|v?[0-9]+\.[0-9]+)$/

function planMutability({ mutability, images }: RepositoryEvidence): Planned {
  if (mutability !== 'MUTABLE')
    return { kind: 'left', why: 'which tags its exclusions should name is a decision' }
  if (images.kind !== 'told')
    return { kind: 'left', why: 'whether it has tags that are made to move cannot be told' }
  const moving = images.value.flatMap(({ tags }) => tags).find((tag) => movingTag.test(tag))
  if (moving !== undefined)
    return {
      kind: 'left',
      why: `it has the tag ${moving}, which is made to move: whether it may is a decision (IMMUTABLE_WITH_EXCLUSION)`,
    }
  return {
    kind: 'fix',
    call: { kind: 'immutable-tags' },
    command:
      'aws ecr put-image-tag-mutability --repository-name {repository} --image-tag-mutability IMMUTABLE',
    words: 'its tags move no more; what they name stays',
  }
}

function planLifecycle({ name }: RepositoryEvidence, { templates }: FixInput): Planned {
  if (templates.kind !== 'told')
    return { kind: 'left', why: `its creation template cannot be told: ${templates.why}` }
  const template = templateOf(name, templates.value)
  const text = template?.lifecyclePolicy
  if (template === undefined || text === undefined)
    return { kind: 'left', why: 'no creation template has a lifecycle policy for it' }
  if (!deletesUntaggedAlone(text))
    return {
      kind: 'left',
      why: `the policy of the template ${template.prefix} is about images with tags: see what it would delete first (pratique lifecycle preview)`,
    }
  return {
    kind: 'fix',
    call: { kind: 'lifecycle-policy', text },
    command: `aws ecr put-lifecycle-policy --repository-name {repository} --lifecycle-policy-text ${shellQuoted(text)}`,
    words: `the policy of the creation template ${template.prefix}, which is about images without a tag alone`,
  }
}

/** The one with the longest prefix, as for a repository that is made. */
function templateOf(
  name: string,
  templates: readonly CreationTemplate[],
): CreationTemplate | undefined {
  const about = templates.filter(({ prefix }) => {
    const folder = prefix.endsWith('/') ? prefix : `${prefix}/`
    return prefix !== 'ROOT' && name.startsWith(folder)
  })
  const [longest] = about.toSorted((a, b) => b.prefix.length - a.prefix.length)
  return longest ?? templates.find(({ prefix }) => prefix === 'ROOT')
}

function deletesUntaggedAlone(text: string): boolean {
  const read = parseLifecycle(text, { limits: 'secure' })
  return (
    read.kind === 'read' &&
    read.policy.rules.every(({ selection }) => selection.tags.kind === 'untagged')
  )
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
