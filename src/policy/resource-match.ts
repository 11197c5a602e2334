import { compileArnPattern } from './arn-pattern.ts'
import type { ContextValues } from './context-values.ts'
import type { PatternElement } from './document.ts'
import { tokenise, variablesOf, type Matcher } from './pattern.ts'

/** Does the element cover the resource? Undefined where that cannot be said: a variable has no value, a pattern is no ARN. */
export type ResourceMatch = (resource: string, context: ContextValues) => boolean | undefined

export interface CompiledResource {
  readonly matches: ResourceMatch
  /** In lower case. */
  readonly variables: readonly string[]
}

/** A request without a resource says `*`, which is no ARN: only the bare `*` of a policy covers it. */
export function compileResource(
  element: PatternElement,
  language: { readonly hasVariables: boolean },
): CompiledResource {
  const patterns = element.patterns.map((written) => ({
    written,
    tokens: tokenise(written, { hasVariables: language.hasVariables, hasWildcards: true }),
  }))
  const matchers = patterns.map(({ written, tokens }): Matcher => {
    if (written === '*') return () => true
    return compileArnPattern(tokens, { mayEndEarly: true, hasVariablesAnywhere: false })
  })
  return {
    variables: patterns.flatMap(({ tokens }) => variablesOf(tokens)),
    matches: element.isNegated ? noneOf(matchers) : someOf(matchers),
  }
}

function someOf(matchers: readonly Matcher[]): ResourceMatch {
  return (resource, context) => {
    let isKnown = true
    for (const matches of matchers) {
      const matched = matches(resource, context)
      if (matched === true) return true
      if (matched === undefined) isKnown = false
    }
    return isKnown ? false : undefined
  }
}

function noneOf(matchers: readonly Matcher[]): ResourceMatch {
  const some = someOf(matchers)
  return (resource, context) => {
    const matched = some(resource, context)
    return matched === undefined ? undefined : !matched
  }
}
