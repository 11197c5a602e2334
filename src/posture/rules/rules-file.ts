// Purpose:  read what an installation expects of itself, and what it knows and suppresses.
// Spec:     our own; docs/posture.md, "The rules file". YAML 1.2, of which JSON is a part.
// Input:    text of at most 256 KiB that a person gives; may be hostile.
// Deviates: every value is a text as it is written: an account keeps its zeros.
// Unknowns: a member that is not known, a suppression without owner, reason or end, an end more than a year ahead → refused, with its line.
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type YAMLMap } from 'yaml'
import { severityWords, type SeverityWord } from '../../admission/rules/evidence.ts'
import { parseDuration } from '../../lib/duration.ts'
import { nearest } from '../../lib/nearest.ts'
import { endOf } from '../../vex/suppression-rules.ts'
import type { Expectations } from './evidence.ts'
import { dayMs } from './per-resource.ts'

export interface PostureSuppression {
  readonly rule: string
  /** A pattern; absent: everything of the rule. */
  readonly resource?: string
  readonly owner: string
  readonly reason: string
  /** As written. */
  readonly until: string
  /** The first moment at which it has no effect any more, in milliseconds. */
  readonly endsAt: number
  readonly line: number
}

export interface PostureRulesFile {
  readonly expectations: Expectations
  /** Whether what cannot be told is an answer of its own or lets pass. */
  readonly unknown: 'fail' | 'allow'
  readonly suppress: readonly PostureSuppression[]
}

export type RulesFileReading =
  | { readonly kind: 'read'; readonly file: PostureRulesFile }
  | {
      readonly kind: 'refused'
      readonly faults: readonly { readonly line: number; readonly problem: string }[]
    }

export const defaultExpectations: Expectations = {
  accounts: [],
  production: [
    'prod/*',
    'production/*',
    '*/prod/*',
    '*-prod',
    '*-production',
    'prod',
    'production',
  ],
  protected: [],
  ci: [],
  requiredTags: [],
  customerKeys: [],
  upstreams: [],
  // A number with a dot, alone or behind a v: latest and main are no releases.
  released: Array.from({ length: 10 }, (_, digit) => digit).flatMap((digit) => [
    `${digit}*.*`,
    `v${digit}*.*`,
  ]),
  threshold: 'HIGH',
  graceMs: 14 * dayMs,
}

/** Where somebody gave none. */
export const defaultRulesFile: PostureRulesFile = {
  expectations: defaultExpectations,
  unknown: 'fail',
  suppress: [],
}

const lists = [
  'accounts',
  'production',
  'protected',
  'ci',
  'requiredTags',
  'customerKeys',
  'upstreams',
  'released',
] as const
const members = ['version', ...lists, 'threshold', 'grace', 'unknown', 'suppress']
const suppressionMembers = ['rule', 'resource', 'owner', 'reason', 'until']
const maxBytes = 256 * 1024
const maxEntries = 2000
const maxTextLength = 2000
const maxFaults = 50
const longestMs = 366 * dayMs

/** `ids`: of the rules that there are. `now` in milliseconds. */
export function parseRulesFile(
  text: string,
  { ids, now }: { readonly ids: readonly string[]; readonly now: number },
): RulesFileReading {
  const reader = new RulesFileReader(text, ids, now)
  const file = reader.read()
  return reader.faults.length === 0 && file !== undefined
    ? { kind: 'read', file }
    : { kind: 'refused', faults: reader.faults.slice(0, maxFaults) }
}

class RulesFileReader {
  readonly faults: { readonly line: number; readonly problem: string }[] = []
  readonly #lines = new LineCounter()
  readonly #text: string
  readonly #ids: readonly string[]
  readonly #now: number

  constructor(text: string, ids: readonly string[], now: number) {
    this.#text = text
    this.#ids = ids
    this.#now = now
  }

  read(): PostureRulesFile | undefined {
    const root = this.#root()
    if (root === undefined) return undefined
    const found = this.#members(root, members)
    const version = this.#textOf(found.get('version'), 'version: 1')
    if (version !== undefined && version !== '1')
      this.#fault(found.get('version'), 'the version is 1')
    const list = (name: (typeof lists)[number]): readonly string[] =>
      found.has(name) ? this.#list(found.get(name), name) : defaultExpectations[name]
    const expectations: Expectations = {
      accounts: list('accounts'),
      production: list('production'),
      protected: list('protected'),
      ci: list('ci'),
      requiredTags: list('requiredTags'),
      customerKeys: list('customerKeys'),
      upstreams: list('upstreams'),
      released: list('released'),
      threshold: this.#threshold(found.get('threshold')),
      graceMs: this.#grace(found.get('grace')),
    }
    return {
      expectations,
      unknown: this.#unknown(found.get('unknown')),
      suppress: this.#suppressions(found.get('suppress')),
    }
  }

  #root(): YAMLMap | undefined {
    if (Buffer.byteLength(this.#text) > maxBytes)
      return this.#fault(undefined, `the file has more than ${maxBytes} bytes`)
    try {
      const document = parseDocument(this.#text, {
        schema: 'failsafe',
        lineCounter: this.#lines,
        prettyErrors: false,
        // The library holds each key of a mapping against every other one; `#members` finds those that come twice.
        uniqueKeys: false,
      })
      for (const { pos, message } of [...document.errors, ...document.warnings].slice(0, maxFaults))
        this.#faultAt(pos[0], message.split('\n', 1)[0] ?? message)
      if (this.faults.length > 0) return undefined
      return isMap(document.contents)
        ? document.contents
        : this.#fault(undefined, 'the file is a mapping that begins with version: 1')
    } catch {
      return this.#fault(undefined, 'the file is nested too deeply to be read')
    }
  }

  #members(map: YAMLMap, known: readonly string[]): ReadonlyMap<string, Node> {
    const found = new Map<string, Node>()
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : ''
      if (this.faults.length >= maxFaults) break
      if (found.has(name)) this.#fault(key, `${name} is given twice`)
      else if (!known.includes(name)) {
        const near = nearest(name, known)
        const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`
        this.#fault(key, `unknown member ${JSON.stringify(name.slice(0, 100))}: ${hint}`)
      } else if (isScalar(value) || isMap(value) || isSeq(value)) found.set(name, value)
      else this.#fault(key, `${name} has no value`)
    }
    return found
  }

  #list(node: Node | undefined, name: string): readonly string[] {
    if (!isSeq(node) || node.items.length > maxEntries) {
      this.#fault(node, `${name} is a list of at most ${maxEntries} texts`)
      return []
    }
    const texts = node.items.flatMap((item) => this.#textOf(item, `a text of ${name}`) ?? [])
    const strange =
      name === 'accounts' ? texts.find((text) => !/^[0-9]{12}$/.test(text)) : undefined
    if (strange !== undefined)
      this.#fault(node, `${JSON.stringify(strange)} is no account: write 12 digits`)
    return texts
  }

  #threshold(node: Node | undefined): SeverityWord {
    if (node === undefined) return defaultExpectations.threshold
    const text = this.#textOf(node, 'a severity')
    const found = severityWords.find((word) => word.toLowerCase() === text)
    if (found !== undefined && found !== 'UNDEFINED') return found
    this.#fault(node, 'threshold is critical, high, medium, low or informational')
    return defaultExpectations.threshold
  }

  #grace(node: Node | undefined): number {
    if (node === undefined) return defaultExpectations.graceMs
    const found = parseDuration(this.#textOf(node, 'a duration') ?? '')
    if (found === undefined) this.#fault(node, 'grace is a duration such as 14d')
    return found ?? defaultExpectations.graceMs
  }

  #unknown(node: Node | undefined): 'fail' | 'allow' {
    if (node === undefined) return 'fail'
    const text = this.#textOf(node, 'fail or allow')
    if (text === 'fail' || text === 'allow') return text
    this.#fault(node, 'unknown is fail or allow')
    return 'fail'
  }

  #suppressions(node: Node | undefined): readonly PostureSuppression[] {
    if (node === undefined) return []
    if (isSeq(node) && node.items.length <= maxEntries)
      return node.items.flatMap((item) => this.#suppression(item) ?? [])
    this.#fault(node, `suppress is a list of at most ${maxEntries} entries`)
    return []
  }

  #suppression(item: unknown): PostureSuppression | undefined {
    if (!isMap(item))
      return this.#fault(item, `an entry of suppress has ${suppressionMembers.join(', ')}`)
    const found = this.#members(item, suppressionMembers)
    const required = (name: string): string | undefined =>
      found.has(name)
        ? this.#textOf(found.get(name), 'a text')
        : this.#fault(item, `the suppression has no ${name}`)
    const [rule, owner, reason, until] = [
      required('rule'),
      required('owner'),
      required('reason'),
      required('until'),
    ]
    const resource = found.has('resource')
      ? this.#textOf(found.get('resource'), 'a pattern')
      : undefined
    if (rule !== undefined && !this.#ids.includes(rule))
      this.#fault(found.get('rule'), `there is no rule ${JSON.stringify(rule.slice(0, 100))}`)
    const endsAt = until === undefined ? undefined : this.#end(until, found.get('until'))
    if (rule === undefined || owner === undefined || reason === undefined) return undefined
    if (until === undefined || endsAt === undefined) return undefined
    const { line } = this.#lines.linePos(placeOf(item))
    const about = resource === undefined ? {} : { resource }
    return { rule, owner, reason, until, endsAt, line, ...about }
  }

  #end(until: string, node: Node | undefined): number | undefined {
    const endsAt = endOf(until)
    const written = JSON.stringify(until)
    if (endsAt === undefined)
      return this.#fault(node, `until is ${written}; expected a date such as 2027-01-31`)
    if (endsAt - this.#now <= longestMs) return endsAt
    return this.#fault(node, `until is ${written}: a suppression ends within a year`)
  }

  #textOf(node: unknown, expected: string): string | undefined {
    const text = isScalar(node) && typeof node.value === 'string' ? node.value.trim() : ''
    if (text !== '' && text.length <= maxTextLength) return text
    return this.#fault(node, `expected ${expected}`)
  }

  #fault(node: unknown, problem: string): undefined {
    this.#faultAt(placeOf(node), problem)
  }

  #faultAt(at: number, problem: string): undefined {
    const { line } = this.#lines.linePos(at)
    this.faults.push({ line: Math.max(line, 1), problem: problem.slice(0, 300) })
  }
}

function placeOf(node: unknown): number {
  if (typeof node !== 'object' || node === null || !('range' in node)) return 0
  return Array.isArray(node.range) ? Number(node.range[0]) : 0
}
