// What is left of a decision when some keys of the context are not known: a formula over the tests that read them.
import type { ContextValues } from './context-values.ts'

/** Something that holds or not in a context, and the words for it. */
export interface Test {
  readonly text: string
  readonly holds: (context: ContextValues) => boolean
}

export type Formula =
  | { readonly kind: 'true' }
  | { readonly kind: 'false' }
  | { readonly kind: 'test'; readonly test: Test }
  | { readonly kind: 'not'; readonly of: Formula }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Formula[] }

export const always: Formula = { kind: 'true' }
export const never: Formula = { kind: 'false' }

export function constant(isTrue: boolean): Formula {
  return isTrue ? always : never
}

export function testOf(test: Test): Formula {
  return { kind: 'test', test }
}

export function not(of: Formula): Formula {
  if (of.kind === 'true') return never
  if (of.kind === 'false') return always
  return { kind: 'not', of }
}

export function all(parts: readonly Formula[]): Formula {
  return join('all', parts)
}

export function any(parts: readonly Formula[]): Formula {
  return join('any', parts)
}

/** Constants are worked out, nested parts of the same kind join, and what is said twice is said once. */
function join(kind: 'all' | 'any', parts: readonly Formula[]): Formula {
  const [neutral, deciding] = kind === 'all' ? [always, never] : [never, always]
  const flat = parts.flatMap((part) => (part.kind === kind ? part.of : [part]))
  if (flat.some((part) => part.kind === deciding.kind)) return deciding
  const byText = new Map(
    flat
      .filter((part) => part.kind !== neutral.kind)
      .map((part) => [formulaText(part), part] as const),
  )
  const of = [...byText.values()]
  const [only, ...others] = of
  if (only === undefined) return neutral
  return others.length === 0 ? only : { kind, of }
}

export function holds(formula: Formula, context: ContextValues): boolean {
  switch (formula.kind) {
    case 'true':
      return true
    case 'false':
      return false
    case 'test':
      return formula.test.holds(context)
    case 'not':
      return !holds(formula.of, context)
    case 'all':
      return formula.of.every((part) => holds(part, context))
    case 'any':
      return formula.of.some((part) => holds(part, context))
  }
}

/** `A and not (B or C)`, in the words of the tests. */
export function formulaText(formula: Formula): string {
  switch (formula.kind) {
    case 'true':
      return 'always'
    case 'false':
      return 'never'
    case 'test':
      return formula.test.text
    case 'not':
      return `not (${formulaText(formula.of)})`
    case 'all':
      return formula.of.map(bracketed).join(' and ')
    case 'any':
      return formula.of.map(bracketed).join(' or ')
  }
}

function bracketed(formula: Formula): string {
  const isLong = formula.kind === 'all' || formula.kind === 'any'
  return isLong ? `(${formulaText(formula)})` : formulaText(formula)
}
