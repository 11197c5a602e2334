// DER by hand, for certificates and time stamps that no honest issuer would make.

export type Der = Buffer

export function element(tag: number, ...contents: readonly Uint8Array[]): Der {
  const content = Buffer.concat(contents)
  const { length } = content
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x10000
          ? [tag, 0x82, length >> 8, length & 0xff]
          : [tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

export const sequence = (...contents: readonly Uint8Array[]): Der => element(0x30, ...contents)
export const set = (...contents: readonly Uint8Array[]): Der => element(0x31, ...contents)
export const octets = (...contents: readonly Uint8Array[]): Der => element(0x04, ...contents)
export const utf8 = (text: string): Der => element(0x0c, Buffer.from(text))
export const boolean = (value: boolean): Der => element(0x01, Buffer.from([value ? 0xff : 0]))
export const bits = (content: Uint8Array, unused = 0): Der =>
  element(0x03, Buffer.from([unused]), content)
/** Context-specific and constructed. */
export const tagged = (number: number, ...contents: readonly Uint8Array[]): Der =>
  element(0xa0 + number, ...contents)
/** Context-specific and primitive. */
export const implicit = (number: number, content: Uint8Array): Der =>
  element(0x80 + number, content)

/** Not negative. */
export function integer(value: number | Uint8Array): Der {
  const hex = typeof value === 'number' ? value.toString(16) : Buffer.from(value).toString('hex')
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return element(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), bytes)
}

export function oid(text: string): Der {
  const [first = 0, second = 0, ...others] = text.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of others) {
    const digits = [part & 0x7f]
    for (let rest = Math.floor(part / 128); rest > 0; rest = Math.floor(rest / 128))
      digits.unshift((rest & 0x7f) | 0x80)
    bytes.push(...digits)
  }
  return element(0x06, Buffer.from(bytes))
}

/** GeneralizedTime. */
export function generalTime(at: number): Der {
  const text = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return element(0x18, Buffer.from(text))
}

/** UTCTime, as X.509 has it until 2050. */
export function certificateTime(at: number): Der {
  const text = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return text < '2050'
    ? element(0x17, Buffer.from(text.slice(2)))
    : element(0x18, Buffer.from(text))
}
