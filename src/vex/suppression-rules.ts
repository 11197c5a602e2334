// Purpose:  read a file of rules by which findings are not counted.
// Spec:     our own; docs/suppressions.md. A list in YAML 1.2, of which JSON is a part.
// Input:    text of at most 256 KiB that a person gives; may be hostile.
// Deviates: every value is a text as it is written: a date stays what it is.
// Unknowns: a member that is not known, a missing reason, owner or end, a date that is none → refused, with line and column.
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair } from 'yaml'
import { parseDigest, type Digest } from '../oci/digest.ts'
import { nearest } from '../lib/nearest.ts'
import { parsePurl, type Purl } from '../lib/purl.ts'
import { vulnerabilityKey } from './vex-document.ts'

export interface SuppressionRule {
  /** In capitals. */
  readonly vulnerabilities: readonly string[]
  readonly package?: RulePackage
  readonly image?: { readonly repository?: string; readonly digest?: Digest }
  readonly path?: string
  readonly reason: string
  readonly owner: string
  /** As written. */
  readonly until: string
  /** The first moment at which it has no effect any more, in milliseconds. */
  readonly endsAt: number
  /** Its place in the list, from 1. */
  readonly number: number
  /** Where it begins in the file. */
  readonly line: number
}

export type RulePackage =
  | { readonly kind: 'purl'; readonly purl: Purl }
  | {
      readonly kind: 'named'
      readonly type?: string
      readonly name: string
      readonly version?: string
    }

export type RulesReading =
  | { readonly kind: 'read'; readonly rules: readonly SuppressionRule[] }
  | { readonly kind: 'refused'; readonly faults: readonly RuleFault[] }

export interface RuleFault {
  readonly line: number
  readonly column: number
  readonly problem: string
}

export const maxRulesBytes = 256 * 1024
const maxRules = 2000
const maxIds = 100
const maxTextLength = 2000
const maxFaults = 50
const maxProblemLength = 300

/** Every fault is told, up to fifty; a file with one has no effect at all. */
export function parseSuppressionRules(text: string): RulesReading {
  const reader = new RulesReader(text)
  const rules = reader.read()
  return reader.faults.length === 0
    ? { kind: 'read', rules }
    : { kind: 'refused', faults: reader.faults.slice(0, maxFaults) }
}

type Members = ReadonlyMap<string, Node>

const ruleMembers = ['vulnerability', 'package', 'image', 'path', 'reason', 'owner', 'until']

class RulesReader {
  readonly faults: RuleFault[] = []
  readonly #lines = new LineCounter()
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  read(): readonly SuppressionRule[] {
    if (Buffer.byteLength(this.#text) > maxRulesBytes)
      return this.#fault(0, `the file has more than ${maxRulesBytes} bytes`) ?? []
    let root: unknown
    try {
      const document = parseDocument(this.#text, {
        schema: 'failsafe',
        lineCounter: this.#lines,
        prettyErrors: false,
        // The library holds each key of a mapping against every other one: a minute for a mapping as long as a file.
        uniqueKeys: false,
      })
      for (const { pos, message } of [...document.errors, ...document.warnings])
        this.#fault(pos[0], firstLine(message))
      root = document.contents
    } catch {
      this.#fault(0, 'the file is nested too deeply to be read')
    }
    if (this.faults.length > 0) return []
    if (!isSeq(root)) return this.#fault(0, 'the file is no list of rules') ?? []
    if (root.items.length > maxRules)
      return this.#fault(0, `the file has more than ${maxRules} rules`) ?? []
    return root.items.flatMap((item, index) => this.#rule(item, index + 1) ?? [])
  }

  #rule(item: unknown, number: number): SuppressionRule | undefined {
    if (!isMap(item)) return this.#fault(placeOf(item), 'a rule is a mapping of members')
    const members = this.#members(item, ruleMembers)
    const at = placeOf(item)
    const vulnerabilities = this.#vulnerabilities(members.get('vulnerability'), at)
    const reason = this.#required(members, 'reason', at)
    const owner = this.#required(members, 'owner', at)
    const until = this.#required(members, 'until', at)
    const endsAt = until === undefined ? undefined : this.#end(until, members.get('until'))
    const found = this.#package(members.get('package'))
    const image = this.#image(members.get('image'))
    const path = this.#path(members.get('path'))
    if (vulnerabilities === undefined || reason === undefined || owner === undefined)
      return undefined
    if (until === undefined || endsAt === undefined) return undefined
    return {
      vulnerabilities,
      ...(found === undefined ? {} : { package: found }),
      ...(image === undefined ? {} : { image }),
      ...(path === undefined ? {} : { path }),
      reason,
      owner,
      until,
      endsAt,
      number,
      line: this.#lines.linePos(at).line,
    }
  }

  #vulnerabilities(node: Node | undefined, at: number): readonly string[] | undefined {
    if (node === undefined) return this.#fault(at, 'the rule names no vulnerability')
    const texts = isSeq(node) ? node.items : [node]
    if (texts.length === 0 || texts.length > maxIds)
      return this.#fault(placeOf(node), `vulnerability is one id, or a list of 1 to ${maxIds}`)
    const ids = texts.flatMap((entry) => {
      const text = this.#textOf(entry, 'an id of a vulnerability')
      if (text === undefined) return []
      if (/^[\x21-\x7e]{1,128}$/.test(text) && !text.includes('*')) return [vulnerabilityKey(text)]
      return this.#fault(placeOf(entry), `${quoted(text)} is no id of a vulnerability`) ?? []
    })
    return ids.length === texts.length ? ids : undefined
  }

  #required(members: Members, name: string, at: number): string | undefined {
    const node = members.get(name)
    if (node === undefined) return this.#fault(at, `the rule has no ${name}`)
    return this.#textOf(node, 'a text')
  }

  /** A day counts to its end, in UTC. */
  #end(text: string, node: Node | undefined): number | undefined {
    const time = endOf(text)
    if (time !== undefined) return time
    const problem = `until is ${quoted(text)}; expected a date such as 2027-01-31`
    return this.#fault(placeOf(node), problem)
  }

  #package(node: Node | undefined): RulePackage | undefined {
    if (node === undefined) return undefined
    if (!isMap(node)) {
      const text = this.#textOf(node, 'a purl')
      const purl = text === undefined ? undefined : parsePurl(text)
      if (purl !== undefined) return { kind: 'purl', purl }
      return this.#fault(placeOf(node), 'package is a purl (pkg:TYPE/NAME), or type, name, version')
    }
    const members = this.#members(node, ['type', 'name', 'version'])
    const name = this.#required(members, 'name', placeOf(node))
    const [type, version] = ['type', 'version'].map((key) => this.#optional(members, key))
    if (name === undefined) return undefined
    return {
      kind: 'named',
      name,
      ...(type === undefined ? {} : { type: type.toLowerCase() }),
      ...(version === undefined ? {} : { version }),
    }
  }

  #image(node: Node | undefined): SuppressionRule['image'] | undefined {
    if (node === undefined) return undefined
    if (!isMap(node)) {
      const repository = this.#textOf(node, 'a pattern of repositories')
      return repository === undefined ? undefined : { repository }
    }
    const members = this.#members(node, ['repository', 'digest'])
    const repository = this.#optional(members, 'repository')
    const text = this.#optional(members, 'digest')
    const digest = text === undefined ? undefined : parseDigest(text)
    if (text !== undefined && digest === undefined)
      return this.#fault(placeOf(members.get('digest')), `${quoted(text)} is no digest (sha256:…)`)
    if (repository === undefined && digest === undefined)
      return this.#fault(placeOf(node), 'image has neither repository nor digest')
    return {
      ...(repository === undefined ? {} : { repository }),
      ...(digest === undefined ? {} : { digest }),
    }
  }

  #path(node: Node | undefined): string | undefined {
    if (node === undefined) return undefined
    return this.#textOf(node, 'a path')
  }

  #optional(members: Members, name: string): string | undefined {
    return members.has(name) ? this.#required(members, name, 0) : undefined
  }

  #members(map: { readonly items: readonly Pair[] }, known: readonly string[]): Members {
    const members = new Map<string, Node>()
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : ''
      if (this.faults.length >= maxFaults) break
      if (!known.includes(name)) this.#unknown(name, known, placeOf(key))
      else if (members.has(name)) this.#fault(placeOf(key), `${name} is given twice`)
      else if (isScalar(value) || isMap(value) || isSeq(value)) members.set(name, value)
      else this.#fault(placeOf(key), `${name} has no value`)
    }
    return members
  }

  #unknown(name: string, known: readonly string[], at: number): void {
    const near = nearest(name, known)
    const advice = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`
    this.#fault(at, `unknown member ${quoted(name)}: ${advice}`)
  }

  #textOf(node: unknown, expected: string): string | undefined {
    if (!isScalar(node) || typeof node.value !== 'string')
      return this.#fault(placeOf(node), `expected ${expected}`)
    const text = node.value.trim()
    // A member without a value would else make a rule wider than its writer meant.
    if (text === '') return this.#fault(placeOf(node), `is empty; expected ${expected}`)
    if (text.length <= maxTextLength) return text
    return this.#fault(placeOf(node), `a text has more than ${maxTextLength} characters`)
  }

  #fault(at: number, problem: string): undefined {
    const { line, col } = this.#lines.linePos(at)
    const place = { line: Math.max(line, 1), column: Math.max(col, 1) }
    this.faults.push({ ...place, problem: problem.slice(0, maxProblemLength) })
  }
}

function placeOf(node: unknown): number {
  if (typeof node !== 'object' || node === null || !('range' in node)) return 0
  return Array.isArray(node.range) ? Number(node.range[0]) : 0
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}

function firstLine(message: string): string {
  return (message.split('\n', 1)[0] ?? message).replace(/ at line \d+, column \d+:?$/, '')
}

const dayMs = 86_400_000

/** The first moment that a day (its end, in UTC) or a moment does not hold for, in milliseconds; undefined for other text. */
export function endOf(text: string): number | undefined {
  const [, day, clock] =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:Z|[+-]\d\d:\d\d))?$/.exec(text) ?? []
  if (day === undefined) return undefined
  const midnight = Date.parse(`${day}T00:00:00Z`)
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return undefined
  if (clock === undefined) return midnight + dayMs
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}
