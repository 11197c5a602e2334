// One exemption of an admission policy: what it is about, who answers for it, why, and until when.
import { parsePurl } from '../../lib/purl.ts'
import { endOf, type RulePackage } from '../../vex/suppression-rules.ts'
import { vulnerabilityKey } from '../../vex/vex-document.ts'
import type { Exemption, ExemptionMatch } from './admission-policy.ts'
import { quoted, type DocumentReader, type Member } from './document-reader.ts'
import { justifications } from './justification.ts'
import { reasonCodes, type ReasonCode } from './reason.ts'

const dayMs = 86_400_000
const maxNames = 100

const exemptionMembers = ['match', 'owner', 'reason', 'justification', 'until']
const matchMembers = ['vulnerability', 'code', 'package', 'repository', 'namespace']

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of our own table
const codes: readonly ReasonCode[] = Object.keys(reasonCodes) as readonly ReasonCode[]

export class ExemptionReader {
  readonly #reader: DocumentReader
  readonly #now: number

  constructor(reader: DocumentReader, now: number) {
    this.#reader = reader
    this.#now = now
  }

  read(member: Member, number: number): Exemption | undefined {
    const reader = this.#reader
    const members = reader.members(member, exemptionMembers)
    if (members === undefined) return undefined
    const text = (name: string): string | undefined => {
      const found = members.get(name)
      return found === undefined
        ? reader.fault(member, `exemption ${number} has no ${name}`)
        : reader.text(found)
    }
    const [owner, reason, until] = [text('owner'), text('reason'), text('until')]
    const end = members.get('until')
    const endsAt = until === undefined || end === undefined ? undefined : this.#end(until, end)
    const said = members.get('justification')
    const justification = said === undefined ? undefined : reader.word(said, justifications)
    const what = members.get('match')
    const match =
      what === undefined
        ? reader.fault(member, `exemption ${number} has no match`)
        : this.#match(what)
    if (owner === undefined || reason === undefined || match === undefined) return undefined
    if (until === undefined || endsAt === undefined) return undefined
    const because = justification === undefined ? {} : { justification }
    return { match, owner, reason, ...because, until, endsAt, number }
  }

  #end(text: string, member: Member): number | undefined {
    const endsAt = endOf(text)
    if (endsAt === undefined)
      return this.#reader.fault(
        member,
        `is ${quoted(text)}; expected a date such as 2027-01-31, or a moment such as 2027-01-31T18:00:00Z`,
      )
    const limit = yearAfter(this.#now)
    if (endsAt <= limit) return endsAt
    const latest = new Date(limit - dayMs).toISOString().slice(0, 10)
    return this.#reader.fault(
      member,
      `is ${quoted(text)}, more than a year ahead; the latest is ${latest}`,
    )
  }

  #match(member: Member): ExemptionMatch | undefined {
    const reader = this.#reader
    const members = reader.members(member, matchMembers)
    if (members === undefined) return undefined
    const [flaws, named] = [members.get('vulnerability'), members.get('code')]
    if (flaws === undefined && named === undefined)
      return reader.fault(member, 'has neither vulnerability nor code')
    const vulnerabilities =
      flaws === undefined
        ? []
        : reader
            .texts(flaws, maxNames, 'an id of a vulnerability, or *')
            .flatMap(([one, text]) => this.#vulnerability(one, text) ?? [])
    const found =
      named === undefined
        ? []
        : reader
            .texts(named, codes.length, 'a code of a reason, or *')
            .flatMap(([one]) => reader.word(one, ['*', ...codes] as const) ?? [])
    const wanted = members.get('package')
    const about = wanted === undefined ? undefined : this.#package(wanted)
    const patterns = (['repository', 'namespace'] as const).flatMap((key) => {
      const pattern = members.get(key)
      const text = pattern === undefined ? undefined : reader.text(pattern, 'a pattern')
      return text === undefined ? [] : [[key, text] as const]
    })
    if (wanted !== undefined && about === undefined) return undefined
    return {
      vulnerabilities,
      codes: found,
      ...(about === undefined ? {} : { package: about }),
      ...Object.fromEntries(patterns),
    }
  }

  #vulnerability(member: Member, text: string): string | undefined {
    if (text === '*') return text
    if (/^[\x21-\x7e]{1,128}$/.test(text) && !text.includes('*')) return vulnerabilityKey(text)
    return this.#reader.fault(member, `is ${quoted(text)}; expected an id of a vulnerability, or *`)
  }

  #package(member: Member): RulePackage | undefined {
    const expected = 'a purl (pkg:TYPE/NAME), or the name of a package'
    const text = this.#reader.text(member, expected)
    if (text === undefined) return undefined
    if (!text.startsWith('pkg:')) return { kind: 'named', name: text }
    const purl = parsePurl(text)
    if (purl !== undefined) return { kind: 'purl', purl }
    return this.#reader.fault(member, `is ${quoted(text)}; expected ${expected}`)
  }
}

/** The end of the same day of the next year. */
function yearAfter(now: number): number {
  const day = new Date(now)
  return Date.UTC(day.getUTCFullYear() + 1, day.getUTCMonth(), day.getUTCDate()) + dayMs
}
