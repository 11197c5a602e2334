// Purpose:  BinaryEquals: are the bytes of two base64 texts the same?
// Spec:     IAM User Guide, "Binary condition operators"; RFC 4648, section 4.
// Input:    policy values, and text of the context, which may be hostile.
// Deviates: padding may be missing.
// Unknowns: what is no base64 → undefined, and no comparison with it is true.
import { Buffer } from 'node:buffer'
import { anyOf, type Comparison } from './operator.ts'

export function parseBinary(text: string): Buffer | undefined {
  const digits = text.replace(/={1,2}$/, '')
  const isPadded = digits.length < text.length
  const isWhole = isPadded ? text.length % 4 === 0 : digits.length % 4 !== 1
  return isWhole && /^[A-Za-z0-9+/]*$/.test(digits) ? Buffer.from(digits, 'base64') : undefined
}

export const binaryEquals: Comparison = {
  operandType: 'binary',
  hasVariables: false,
  hasWildcards: false,
  compile: (values) =>
    anyOf(
      values.map((value) => {
        const wanted = parseBinary(value)
        return (text) => wanted !== undefined && parseBinary(text)?.equals(wanted) === true
      }),
    ),
}
