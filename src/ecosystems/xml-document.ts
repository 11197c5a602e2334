// Purpose:  read the elements of an XML file.
// Spec:     XML 1.0, without what needs a document type: elements, attributes, text, CDATA, the five entities, numbered characters.
// Input:    bytes of pom.xml, packages.config and the like; hostile.
// Deviates: prefixes of names are dropped; a document type is passed over and no entity of it is ever expanded.
// Unknowns: what is not well-formed, or larger or deeper than such files are, is refused with the reason.

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** All text directly in it, trimmed. */
  readonly text: string
}

export type XmlReading =
  | { readonly kind: 'document'; readonly root: XmlElement }
  | { readonly kind: 'refused'; readonly reason: string }

interface OpenElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  readonly texts: string[]
}

const maxDepth = 64
const maxElements = 300_000
export function readXml(bytes: Uint8Array): XmlReading {
  const text = decodeXml(bytes)
  const document: OpenElement = { name: '', attributes: new Map(), children: [], texts: [] }
  const open = [document]
  let elements = 0
  for (let at = 0; at < text.length;) {
    const markup = text.indexOf('<', at)
    open.at(-1)?.texts.push(decodeEntities(text.slice(at, markup === -1 ? undefined : markup)))
    if (markup === -1) break
    const end = endOfMarkup(text, markup)
    if (end === undefined) return refused('is not well-formed XML')
    elements += 1
    const complaint = take(text.slice(markup, end), open)
    if (complaint !== undefined) return refused(complaint)
    if (elements > maxElements) return refused(`has more than ${maxElements} elements`)
    at = end
  }
  const [root] = document.children
  return open.length > 1 || root === undefined
    ? refused('is not well-formed XML')
    : { kind: 'document', root }
}

/** Where the piece of markup that begins here ends; undefined where it never does. */
function endOfMarkup(text: string, start: number): number | undefined {
  for (const [beginning, ending] of [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
    ['<?', '?>'],
  ] as const) {
    if (!text.startsWith(beginning, start)) continue
    const end = text.indexOf(ending, start + beginning.length)
    return end === -1 ? undefined : end + ending.length
  }
  return endOfTag(text, start)
}

/** Quoted values may hold any character but their quote; a document type may hold declarations in brackets. */
function endOfTag(text: string, start: number): number | undefined {
  let quote = ''
  let brackets = 0
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '[') brackets += 1
    else if (character === ']') brackets -= 1
    else if (character === '>' && brackets <= 0) return at + 1
  }
  return undefined
}

/** Puts one piece of markup where it belongs; a reason where it belongs nowhere. */
function take(markup: string, open: OpenElement[]): string | undefined {
  const parent = open.at(-1)
  if (parent === undefined) return 'is not well-formed XML'
  if (markup.startsWith('<![CDATA[')) {
    parent.texts.push(markup.slice(9, -3))
    return undefined
  }
  if (markup.startsWith('<!') || markup.startsWith('<?')) return undefined
  if (markup.startsWith('</')) {
    const name = markup.slice(2, -1).trim()
    if (parent.name !== name || open.length === 1)
      return `closes ${JSON.stringify(name.slice(0, 64))}, which is not open`
    open.pop()
    open.at(-1)?.children.push(close(parent))
    return undefined
  }
  return takeStart(markup, open, parent)
}

function takeStart(markup: string, open: OpenElement[], parent: OpenElement): string | undefined {
  const isEmpty = markup.endsWith('/>')
  const content = markup.slice(1, isEmpty ? -2 : -1)
  const name = /^[^\s<>/='"]+/.exec(content)?.[0]
  const attributes = name === undefined ? undefined : readAttributes(content.slice(name.length))
  if (name === undefined || attributes === undefined) return 'is not well-formed XML'
  const element = { name, attributes, children: [], texts: [] }
  if (isEmpty) parent.children.push(close(element))
  else open.push(element)
  return open.length > maxDepth ? `is nested deeper than ${maxDepth} levels` : undefined
}

function close({ name, attributes, children, texts }: OpenElement): XmlElement {
  return { name: name.replace(/^.*:/, ''), attributes, children, text: texts.join('').trim() }
}

/** One after the other, so that the time is linear; undefined where something else stands between them. */
function readAttributes(text: string): ReadonlyMap<string, string> | undefined {
  const attribute = /\s+([^\s=<>"'/]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y
  const attributes = new Map<string, string>()
  let at = 0
  for (let match = attribute.exec(text); match !== null; match = attribute.exec(text)) {
    const [, name = '', double, single] = match
    attributes.set(name.replace(/^.*:/, ''), decodeEntities(double ?? single ?? ''))
    at = attribute.lastIndex
  }
  return text.slice(at).trim() === '' ? attributes : undefined
}

const entities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]+);/g, (whole, name: string) => {
    if (!name.startsWith('#')) return entities.get(name) ?? whole
    const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

/** By its byte order mark, else by its declaration, else UTF-8. Of single-byte encodings the two that are met. */
function decodeXml(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  const head = Buffer.from(bytes.subarray(0, 200)).toString('latin1')
  const isLatin = /^<\?xml[^>]*encoding=["'](?:iso-8859-1|windows-1252)["']/i.test(head)
  return new TextDecoder(isLatin ? 'windows-1252' : 'utf-8').decode(bytes)
}

/** The first child of this name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name)
}

/** Text of the first child of this name, where there is any. */
export function childText(element: XmlElement | undefined, name: string): string | undefined {
  const text = childOf(element, name)?.text ?? ''
  return text === '' ? undefined : text
}

function refused(reason: string): XmlReading {
  return { kind: 'refused', reason }
}
