// Purpose:  read the members of a document in YAML or JSON, gathering every fault with its place.
// Spec:     YAML 1.2, failsafe schema: every value is the text that it is written as. JSON is a part of it.
// Input:    text that a person gives; may be hostile. Bytes are capped by the caller.
// Deviates: anchors, aliases and tags are refused: what a document says stands where it is said.
// Unknowns: a member that is not known, one given twice, a value of another form → a fault, never a default.
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type Node } from 'yaml'
import { nearest } from '../../lib/nearest.ts'

export interface TrustFault {
  /** `accept[2].notation.level`; empty for the document itself. */
  readonly member: string
  readonly problem: string
  readonly line: number
  readonly column: number
}

export function faultLine({ member, problem, line, column }: TrustFault): string {
  return `${member === '' ? 'the document' : member} ${problem} (line ${line}, column ${column})`
}

const maxFaults = 20
const maxShown = 100

/** One document and what is wrong with it. */
export class FaultList {
  readonly faults: TrustFault[] = []
  readonly #lines: LineCounter

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  report(member: string, problem: string, at: number): undefined {
    if (this.faults.length >= maxFaults) return undefined
    const { line, col } = this.#lines.linePos(at)
    this.faults.push({ member, problem, line: Math.max(1, line), column: Math.max(1, col) })
    return undefined
  }
}

/** The document's root as members; undefined where it is no mapping, and why is among the faults. */
export function openDocument(text: string): {
  readonly faults: FaultList
  readonly root: YamlMembers | undefined
} {
  const lines = new LineCounter()
  const faults = new FaultList(lines)
  let contents: unknown
  try {
    const document = parseDocument(text, {
      schema: 'failsafe',
      lineCounter: lines,
      prettyErrors: false,
      // The library holds each key of a mapping against every other one; YamlMembers finds those that come twice.
      uniqueKeys: false,
    })
    for (const { pos, message } of [...document.errors, ...document.warnings])
      faults.report('', `cannot be read: ${message.split('\n', 1)[0] ?? ''}`, pos[0])
    visit(document, {
      Alias: (_, node) => faults.report('', 'has an alias; write the value out', placeOf(node)),
    })
    contents = document.contents
  } catch {
    faults.report('', 'is nested too deeply to be read', 0)
  }
  if (faults.faults.length > 0) return { faults, root: undefined }
  return { faults, root: membersOf(contents, '', faults) }
}

export function membersOf(node: unknown, path: string, faults: FaultList): YamlMembers | undefined {
  if (isMap(node)) return new YamlMembers(node.items, path, faults, placeOf(node))
  return faults.report(path, 'must be a mapping of members', placeOf(node))
}

/** The members of one mapping. */
export class YamlMembers {
  readonly path: string
  readonly faults: FaultList
  readonly at: number
  readonly #members = new Map<string, Node>()
  readonly #asked = new Set<string>()

  constructor(
    items: readonly { readonly key: unknown; readonly value: unknown }[],
    path: string,
    faults: FaultList,
    at: number,
  ) {
    this.path = path
    this.faults = faults
    this.at = at
    for (const { key, value } of items) {
      const name = isScalar(key) && typeof key.value === 'string' ? key.value : undefined
      if (name === undefined)
        faults.report(path, 'has a member whose name is no text', placeOf(key))
      else if (this.#members.has(name))
        faults.report(this.pathOf(name), 'is given twice', placeOf(key))
      else if (isNode(value)) this.#members.set(name, value)
      else faults.report(this.pathOf(name), 'has no value', placeOf(key))
    }
  }

  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`
  }

  has(name: string): boolean {
    this.#asked.add(name)
    return this.#members.has(name)
  }

  node(name: string): Node | undefined {
    this.#asked.add(name)
    return this.#members.get(name)
  }

  report(name: string, problem: string): undefined {
    return this.faults.report(this.pathOf(name), problem, placeOf(this.#members.get(name), this.at))
  }

  text(name: string, rule?: { readonly isGood: (text: string) => boolean; readonly is: string }) {
    const node = this.node(name)
    if (node === undefined) return this.report(name, 'is missing')
    const text = textOf(node)
    if (text === undefined) return this.report(name, 'must be a text')
    if (rule === undefined || rule.isGood(text)) return text
    return this.report(name, `is ${shown(text)}, and must be ${rule.is}`)
  }

  choice<Word extends string>(
    name: string,
    words: readonly Word[],
    usual?: Word,
  ): Word | undefined {
    if (!this.has(name) && usual !== undefined) return usual
    const text = this.text(name)
    if (text === undefined) return undefined
    const found = words.find((word) => word === text)
    return found ?? this.report(name, `is ${shown(text)}, and must be one of ${words.join(', ')}`)
  }

  whole(
    name: string,
    {
      least,
      most,
      usual,
    }: { readonly least: number; readonly most: number; readonly usual: number },
  ): number {
    if (!this.has(name)) return usual
    const text = textOf(this.node(name))
    const value = text !== undefined && /^[0-9]{1,6}$/.test(text) ? Number(text) : undefined
    if (value !== undefined && value >= least && value <= most) return value
    this.report(name, `is ${shown(text)}, and must be a whole number from ${least} to ${most}`)
    return usual
  }

  flag(name: string, usual: boolean): boolean {
    if (!this.has(name)) return usual
    const text = textOf(this.node(name))
    if (text === 'true' || text === 'false') return text === 'true'
    this.report(name, `is ${shown(text)}, and must be true or false`)
    return usual
  }

  /** Absent: an empty list. Each entry a text. */
  texts(name: string, most: number): readonly string[] {
    return this.items(name, most).flatMap((node, index) => {
      const text = textOf(node)
      if (text !== undefined) return [text]
      return (
        this.faults.report(`${this.pathOf(name)}[${index}]`, 'must be a text', placeOf(node)) ?? []
      )
    })
  }

  items(name: string, most: number): readonly Node[] {
    const node = this.node(name)
    if (node === undefined) return []
    if (!isSeq(node)) return this.report(name, 'must be a list') ?? []
    if (node.items.length > most) return this.report(name, `has more than ${most} entries`) ?? []
    return node.items.flatMap((item, index) =>
      isNode(item) ? [item] : (this.report(name, `has no value at place ${index}`) ?? []),
    )
  }

  members(name: string): YamlMembers | undefined {
    const node = this.node(name)
    return node === undefined ? undefined : membersOf(node, this.pathOf(name), this.faults)
  }

  list(name: string, most: number): readonly YamlMembers[] {
    return this.items(name, most).flatMap(
      (node, index) => membersOf(node, `${this.pathOf(name)}[${index}]`, this.faults) ?? [],
    )
  }

  /** Called last: a slip of the pen must not be taken for a default. */
  refuseOthers(): void {
    for (const name of this.#members.keys()) {
      if (this.#asked.has(name)) continue
      if (this.faults.faults.length >= maxFaults) return
      const known = nearest(name, [...this.#asked])
      const hint =
        known === undefined ? `known are ${[...this.#asked].join(', ')}` : `did you mean ${known}?`
      this.report(name.slice(0, maxShown), `is not a member of this; ${hint}`)
    }
  }

  names(): readonly string[] {
    return [...this.#members.keys()]
  }
}

export function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined
}

export function shown(text: string | undefined): string {
  return text === undefined ? 'no text' : JSON.stringify(text.slice(0, maxShown))
}

export function placeOf(node: unknown, otherwise = 0): number {
  return isNode(node) ? (node.range?.[0] ?? otherwise) : otherwise
}
