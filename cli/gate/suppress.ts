// Purpose:  hold a file of rules, and VEX documents, against findings that the gate read, from Pratique or from AWS.
// Spec:     our own; docs/suppressions.md. The rules are judged by the code that the server uses.
// Input:    rules that were read, and findings as the ECR API tells them.
// Deviates: nothing.
// Unknowns: AWS does not tell the type of a package of the system, and basic scanning that of none: a rule with a type or a
//           purl does not match there, and is told as unused.
import { parseDigest } from '../../src/oci/digest.ts'
import {
  indexRules,
  judgePlace,
  type HeldBack,
  type JudgedPackage,
  type RuleIndex,
} from '../../src/vex/judge-suppression.ts'
import { parsePurl, type Purl } from '../../src/lib/purl.ts'
import type { StatementIndex } from '../../src/vex/statement-index.ts'
import type { SuppressionRule } from '../../src/vex/suppression-rules.ts'
import { vulnerabilityKey } from '../../src/vex/vex-document.ts'
import type { ScanState, Target } from './findings.ts'
import type { GateFinding, HeldFinding } from './gate-finding.ts'

export interface RuleUse {
  readonly number: number
  readonly line: number
  readonly owner: string
  readonly until: string
  readonly reason: string
}

/** Counts what each rule did over all images that were judged. */
export class GateSuppressions {
  readonly #rules: readonly SuppressionRule[]
  readonly #index: RuleIndex
  readonly #statements: readonly StatementIndex[]
  readonly #used = new Set<SuppressionRule>()
  readonly #ended = new Set<SuppressionRule>()

  constructor(rules: readonly SuppressionRule[], statements: readonly StatementIndex[] = []) {
    this.#rules = rules
    this.#statements = statements
    this.#index = indexRules(rules)
  }

  /** Findings that a rule holds back stand apart; nothing is lost. */
  apply(state: ScanState, target: Target, now: Date): ScanState {
    if (state.kind === 'running') return state
    const suppressed: HeldFinding[] = []
    const findings: GateFinding[] = []
    for (const finding of state.findings) {
      const held = this.#holder(finding, target, now)
      if (held === undefined) findings.push(finding)
      else suppressed.push({ ...finding, suppression: describeHold(held) })
    }
    return { ...state, findings, suppressed }
  }

  #holder(finding: GateFinding, target: Target, now: Date): HeldBack | undefined {
    const place = {
      ids: [finding.vulnerability, ...finding.aliases].map(vulnerabilityKey),
      package: packageOf(finding),
      image: {
        digests: [target.digest, target.index ?? ''].flatMap((text) => parseDigest(text) ?? []),
        repository: target.repository,
        hosts: [],
      },
      path: finding.path ?? '',
    }
    const { heldBack, ended } = judgePlace(
      { statements: this.#statements, rules: this.#index },
      place,
      now,
    )
    for (const rule of ended) this.#ended.add(rule)
    if (heldBack?.kind === 'rule') this.#used.add(heldBack.rule)
    return heldBack
  }

  /** Rules that held nothing back and would not have. */
  get unused(): readonly RuleUse[] {
    return this.#rules.filter((rule) => !this.#used.has(rule) && !this.#ended.has(rule)).map(useOf)
  }

  /** Rules that would have held something back, were they not over. */
  get ended(): readonly RuleUse[] {
    return [...this.#ended].map(useOf)
  }
}

function useOf({ number, line, owner, until, reason }: SuppressionRule): RuleUse {
  return { number, line, owner, until, reason }
}

function describeHold(held: HeldBack): HeldFinding['suppression'] {
  if (held.kind === 'rule') {
    const { owner: by, reason, until, number } = held.rule
    return { kind: 'rule', by, reason, until, number }
  }
  const { issuer: by, status, justification, impact, document } = held.claim
  return {
    kind: 'vex',
    by,
    status,
    ...(justification === undefined ? {} : { justification }),
    ...(impact === undefined ? {} : { impact }),
    document: { id: document.id },
  }
}

function packageOf(finding: GateFinding): JudgedPackage {
  const { packageName: name, packageVersion: version, packageType: type, purl } = finding
  const parsed = purl === undefined ? purlOf(type, name, version) : parsePurl(purl)
  return { name, version, type, purl: parsed }
}

/** The package URL of a finding; undefined where the source does not tell its type. */
export function purlTextOf({
  purl,
  packageType,
  packageName,
  packageVersion,
}: GateFinding): string | undefined {
  const made = purl === undefined ? purlOf(packageType, packageName, packageVersion) : undefined
  if (made === undefined) return purl
  const { type, namespace, name, version = '' } = made
  const path = [...(namespace?.split('/') ?? []), name].map(encodeURIComponent).join('/')
  return `pkg:${type}/${path}@${encodeURIComponent(version)}`
}

/** Inspector tells a name as its ecosystem has it: `@scope/name`, `group:artifact`, `github.com/x/y`. */
function purlOf(type: string | undefined, name: string, version: string): Purl | undefined {
  if (type === undefined) return undefined
  const divider = type === 'maven' ? ':' : '/'
  const cut = name.lastIndexOf(divider)
  const namespace = cut < 0 ? {} : { namespace: name.slice(0, cut) }
  return { type, ...namespace, name: name.slice(cut + 1), version, qualifiers: new Map() }
}
