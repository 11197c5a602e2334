// Purpose:  find the first line of an audit log that was removed, altered, moved or cut off.
// Spec:     docs/audit.md, "The chain".
// Input:    the lines of the log in their order, as they were found; hostile.
// Deviates: nothing.
// Unknowns: what could not be looked at (no key, no anchor, a beginning that is not there) is said, and never counts as proven.
import {
  genesis,
  hashLine,
  isMacOf,
  keyIdOf,
  readLink,
  relink,
  type ChainHead,
  type ChainLink,
  type AuditKey,
} from './chain.ts'
import { judgeSeal, readAnchor, readNotice, type Anchor, type FoundNotice } from './notices.ts'

export interface LinePlace {
  readonly file: string
  /** 1-based, in its file. */
  readonly number: number
}

export interface ChainFault {
  readonly kind: 'removed' | 'altered' | 'moved' | 'inserted' | 'cut' | 'forged'
  /** The first line of the chain that is not as it was written. */
  readonly sequence: number
  readonly place: LinePlace
  readonly message: string
}

export interface ChainReport {
  readonly lines: number
  readonly records: number
  readonly first: number
  readonly last: number
  /** The lines up to this one are proven by a seal under the key; undefined without a key or a seal. */
  readonly provenUpTo: number | undefined
  /** Proof reaches back to this line. */
  readonly provenFrom: number | undefined
  /** How the beginning and the end were held against what is known of them. */
  readonly beginning: 'first-line' | 'expired' | 'not-checked'
  readonly end: 'head' | 'anchor' | 'not-checked'
  /** Places at which the log itself says that something is missing or unproven. */
  readonly remarks: readonly string[]
}

export interface KnownOfLog {
  readonly key: AuditKey | undefined
  /** Where the running server stands: the log must end exactly there. */
  readonly head: ChainHead | undefined
  /** The log must go at least so far. */
  readonly anchor: Anchor | undefined
  /** An export may begin anywhere. */
  readonly mayBeginAnywhere: boolean
}

interface Suspect {
  readonly link: ChainLink
  readonly line: Uint8Array
  readonly place: LinePlace
}

/** Takes lines in their order. The first fault is kept, and nothing behind it looked at. */
export class ChainVerifier {
  readonly #known: KnownOfLog
  #fault: ChainFault | undefined
  #head: ChainHead | undefined
  #place: LinePlace = { file: '', number: 0 }
  #first = 0
  #lines = 0
  #records = 0
  #suspect: Suspect | undefined
  #provenUpTo: number | undefined
  #provenFrom: number | undefined
  #expiredBefore = 0
  #anchored = false
  /** The line that an export ends with. */
  #closing: Anchor | undefined
  #remarks: string[] = []

  constructor(known: KnownOfLog) {
    this.#known = known
  }

  /** Whether a fault was found: the rest need not be read. */
  get isBroken(): boolean {
    return this.#fault !== undefined
  }

  take(line: Uint8Array, place: LinePlace): void {
    if (this.#fault !== undefined) return
    const link = readLink(line)
    const anchor = link === undefined ? anchorIn(line) : undefined
    this.#closing = anchor ?? this.#closing
    if (this.#suspect !== undefined) return this.#judgeSuspect(this.#suspect, link)
    if (anchor !== undefined) return
    const next = (this.#head?.sequence ?? 0) + 1
    if (link === undefined) {
      const sentence = 'the line does not end as a line of the log does'
      return this.#blame('altered', next, place, sentence)
    }
    const head = this.#head ?? { sequence: link.sequence - 1, hash: link.previous }
    if (link.sequence !== head.sequence + 1 || link.previous !== head.hash) {
      this.#suspect = { link, line: Uint8Array.from(line), place }
      return
    }
    this.#accept(line, link, head, place)
  }

  /** A torn piece at the end of a file. */
  takeTorn(place: LinePlace): void {
    if (this.#fault !== undefined) return
    if (this.#suspect !== undefined) return this.#judgeSuspect(this.#suspect, undefined)
    const next = (this.#head?.sequence ?? 0) + 1
    this.#blame('cut', next, place, 'the line has no end')
  }

  end():
    | { readonly kind: 'intact'; readonly report: ChainReport }
    | { readonly kind: 'broken'; readonly fault: ChainFault } {
    if (this.#suspect !== undefined && this.#fault === undefined) {
      this.#judgeSuspect(this.#suspect, undefined)
    }
    this.#checkBeginning()
    this.#checkEnd()
    if (this.#fault !== undefined) return { kind: 'broken', fault: this.#fault }
    return { kind: 'intact', report: this.#report() }
  }

  #accept(line: Uint8Array, link: ChainLink, before: ChainHead, place: LinePlace): void {
    if (this.#lines === 0) this.#first = link.sequence
    const notice = readNotice(line)
    if (notice !== undefined) this.#takeNotice(notice, before, place)
    this.#lines += 1
    if (notice === undefined) this.#records += 1
    this.#head = { sequence: link.sequence, hash: hashLine(line) }
    this.#place = place
    const { anchor } = this.#known
    if (anchor?.sequence !== link.sequence) return
    if (anchor.hash === this.#head.hash) this.#anchored = true
    else this.#blame('altered', link.sequence, place, 'the anchor was made over another line')
  }

  #takeNotice(notice: FoundNotice, before: ChainHead, place: LinePlace): void {
    const { key } = this.#known
    const seal = key === undefined ? 'no-seal' : judgeSeal(notice, key, before)
    if (seal === 'forged') {
      const sentence = 'the seal is not the key’s: these lines were not written by the server'
      return this.#blame('forged', before.sequence + 1, place, sentence)
    }
    const sequence = before.sequence + 1
    if (notice.kind === 'segment-opened') this.#takeOpening(notice, sequence)
    if (seal === 'valid') {
      this.#provenUpTo = before.sequence
      this.#provenFrom ??= this.#first
    }
    if (notice.kind === 'segments-expired') {
      this.#expiredBefore = Math.max(this.#expiredBefore, notice.firstSequence ?? 0)
    }
    const remark = remarkOf(notice, sequence)
    if (remark !== undefined) this.#remarks.push(remark)
  }

  /** What the server itself did not trust when it started is not proven by what it wrote later. */
  #takeOpening({ continues }: FoundNotice, sequence: number): void {
    if (continues !== 'unsealed' && continues !== 'broken') return
    this.#provenFrom = sequence
    const why = continues === 'broken' ? 'was broken' : 'had no seal of the server’s key'
    this.#remarks.push(`line ${sequence}: the server started, and the log before it ${why}`)
  }

  /** Which line is wrong can only be told with the one behind it: does that follow the line in doubt? */
  #judgeSuspect(suspect: Suspect, next: ChainLink | undefined): void {
    const { link, place } = suspect
    const expected = (this.#head?.sequence ?? 0) + 1
    const isGenuine = this.#follows(suspect, next)
    if (link.sequence === expected) return this.#blameNeighbours(suspect, next, isGenuine)
    if (next?.sequence === expected) {
      const kind = link.sequence < expected ? 'inserted' : 'moved'
      return this.#blame(kind, expected, place, `line ${link.sequence} stands in its place`)
    }
    if (link.sequence > expected && isGenuine !== false) {
      const sentence = `the lines from ${expected} to ${link.sequence - 1} are missing`
      return this.#blame('removed', expected, place, sentence)
    }
    const sentence = `what stands in its place says that it is line ${link.sequence}`
    this.#blame(isGenuine === true ? 'inserted' : 'altered', expected, place, sentence)
  }

  /** The line that is expected has another hash of the one before it: one of the two is not as it was written. */
  #blameNeighbours(suspect: Suspect, next: ChainLink | undefined, isGenuine?: boolean): void {
    const head = this.#head ?? genesis
    const expected = head.sequence + 1
    const isLinkAlone = isGenuine === false && this.#isWholeBut(suspect.line, head, next)
    if (isLinkAlone) {
      const sentence = 'it does not hang on the line before it'
      return this.#blame('altered', expected, suspect.place, sentence)
    }
    const isLast = isGenuine === undefined
    const doubt = isLast ? `; or line ${expected} was, behind which nothing tells` : ''
    const sentence = `the next line has another hash of it${doubt}`
    this.#blame('altered', head.sequence, this.#place, sentence)
  }

  /** With the right link it would be what the next line has the hash of, or a seal of the key: nothing else of it was touched. */
  #isWholeBut(line: Uint8Array, head: ChainHead, next: ChainLink | undefined): boolean {
    if (next !== undefined) return hashLine(relink(line, head)) === next.previous
    const { key } = this.#known
    const notice = readNotice(line)
    if (key === undefined || notice === undefined) return false
    return judgeSeal(notice, key, head) === 'valid'
  }

  /** undefined: nothing behind it tells. */
  #follows({ line, link }: Suspect, next: ChainLink | undefined): boolean | undefined {
    if (next !== undefined) {
      return next.sequence === link.sequence + 1 && next.previous === hashLine(line)
    }
    const { key, head, anchor } = this.#known
    const known = [head, anchor, this.#closing].find((one) => one?.sequence === link.sequence)
    if (known !== undefined) return known.hash === hashLine(line)
    const notice = readNotice(line)
    if (key === undefined || notice === undefined) return undefined
    const before = { sequence: link.sequence - 1, hash: link.previous }
    const seal = judgeSeal(notice, key, before)
    return seal === 'valid' ? true : seal === 'forged' ? false : undefined
  }

  #checkBeginning(): void {
    if (this.#known.mayBeginAnywhere || this.#lines === 0 || this.#first === 1) return
    if (this.#first <= this.#expiredBefore) return
    const sentence = `the lines from 1 to ${this.#first - 1} are missing, and the log does not say that their time was over`
    const place = { file: this.#place.file, number: 1 }
    // Earlier than whatever else was found.
    this.#fault = undefined
    this.#blame('removed', 1, place, sentence)
  }

  #checkEnd(): void {
    const { head, anchor } = this.#known
    if (head !== undefined) this.#holdEnd(head)
    if (this.#closing !== undefined) this.#holdEnd(this.#closing)
    for (const one of [anchor, this.#closing]) if (one !== undefined) this.#checkMac(one)
    if (anchor === undefined || this.#anchored || anchor.sequence < this.#first) return
    this.#holdEnd(anchor)
  }

  #checkMac(anchor: Anchor): void {
    const { key } = this.#known
    if (key === undefined || anchor.key !== keyIdOf(key)) return
    if (!isMacOf(key, anchor, anchor.mac)) {
      return this.#blame('forged', anchor.sequence, this.#place, 'the anchor is not the key’s')
    }
    if (anchor.sequence !== this.#head?.sequence) return
    this.#provenUpTo = anchor.sequence
    this.#provenFrom ??= this.#first
  }

  /** The last line must be this one. */
  #holdEnd(known: ChainHead): void {
    const { sequence, hash } = this.#head ?? genesis
    if (known.sequence === sequence && known.hash === hash) return
    this.#blameEnd(known, sequence)
  }

  #blameEnd(known: ChainHead, sequence: number): void {
    if (known.sequence === sequence) {
      return this.#blame('altered', sequence, this.#place, 'the line is not as it was written')
    }
    if (known.sequence < sequence) {
      const sentence = `the server wrote no line after ${known.sequence}`
      return this.#blame('inserted', known.sequence + 1, this.#place, sentence)
    }
    const sentence = `the lines from ${sequence + 1} to ${known.sequence} are missing at the end`
    this.#blame('cut', sequence + 1, this.#place, sentence)
  }

  #blame(kind: ChainFault['kind'], sequence: number, place: LinePlace, message: string): void {
    this.#fault ??= {
      kind,
      sequence,
      place,
      message: `line ${sequence} ${verbs[kind]}: ${message}`,
    }
  }

  #report(): ChainReport {
    const { head, mayBeginAnywhere } = this.#known
    const isAnchored = this.#anchored || this.#closing !== undefined
    const isFirst = this.#first === 1 || this.#lines === 0
    return {
      lines: this.#lines,
      records: this.#records,
      first: this.#first,
      last: this.#head?.sequence ?? 0,
      provenUpTo: this.#provenUpTo,
      provenFrom: this.#provenUpTo === undefined ? undefined : this.#provenFrom,
      beginning: isFirst ? 'first-line' : mayBeginAnywhere ? 'not-checked' : 'expired',
      end: head !== undefined ? 'head' : isAnchored ? 'anchor' : 'not-checked',
      remarks: this.#remarks,
    }
  }
}

const verbs = {
  removed: 'was removed',
  altered: 'was altered',
  moved: 'was moved',
  inserted: 'was put in',
  cut: 'was cut off',
  forged: 'was forged',
} as const satisfies Record<ChainFault['kind'], string>

function anchorIn(line: Uint8Array): Anchor | undefined {
  return readNotice(line)?.kind === 'anchor' ? readAnchor(Buffer.from(line).toString()) : undefined
}

function remarkOf(notice: FoundNotice, sequence: number): string | undefined {
  const { kind, count, reason, unsealedLines } = notice
  const says: Readonly<Record<string, string>> = {
    'records-lost': `${count} records were lost while the log could not be written`,
    'refusals-omitted': `${count} refused credentials were counted and not recorded one by one`,
    recovered: `the server had been killed; ${unsealedLines} lines before it are not proven by a seal`,
  }
  const isForSize = kind === 'segments-expired' && reason === 'size'
  const removed = `the ${count} oldest segments were removed, since the log had its greatest size`
  const remark = isForSize ? removed : says[kind]
  return remark === undefined ? undefined : `line ${sequence}: ${remark}`
}
