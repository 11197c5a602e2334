// Purpose:  is a version within what a person asked for?
// Spec:     none; comparisons joined by commas or blanks, `>=2.0, <2.17.1`, in the ecosystem's own order.
// Input:    text that a person typed; versions as packages have them.
// Deviates: nothing.
// Unknowns: a version that has no order in its ecosystem is 'unknown', which is not outside.
import type { CompareVersions } from '../../ecosystems/ecosystem.ts'

export interface VersionBound {
  readonly operator: '<' | '<=' | '>' | '>=' | '=' | '!='
  readonly version: string
}

const maxBounds = 20
const boundPattern = /^(<=|>=|!=|==|<|>|=)?\s*([^\s<>=!,]{1,200})$/

/** Undefined for text that is no range; a bare version is itself only. */
export function parseVersionRange(text: string): readonly VersionBound[] | undefined {
  const parts = text
    .replaceAll(/([<>=!]=?)\s+/g, '$1')
    .split(/[\s,]+/)
    .filter((part) => part !== '')
  if (parts.length === 0 || parts.length > maxBounds) return undefined
  const bounds = parts.flatMap((part) => {
    const [, operator = '=', version] = boundPattern.exec(part) ?? []
    const known = operators.find((each) => each === (operator === '==' ? '=' : operator))
    return version === undefined || known === undefined ? [] : [{ operator: known, version }]
  })
  return bounds.length === parts.length ? bounds : undefined
}

const operators = ['<', '<=', '>', '>=', '=', '!='] as const

const holds: Readonly<Record<VersionBound['operator'], (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
}

export function isWithin(
  version: string,
  bounds: readonly VersionBound[],
  compare: CompareVersions,
): 'inside' | 'outside' | 'unknown' {
  let isKnown = true
  for (const { operator, version: bound } of bounds) {
    const comparison = compare(version, bound)
    if (comparison.kind === 'unparsable') isKnown = false
    else if (!holds[operator](comparison.order)) return 'outside'
  }
  return isKnown ? 'inside' : 'unknown'
}
