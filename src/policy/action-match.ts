import { findAction, knownActions } from './actions.ts'
import type { PatternElement } from './document.ts'
import { compileTokens, tokenise } from './pattern.ts'
import { contextOf } from './context-values.ts'

/** An action as it is asked for: its place in the table of known actions, and its name. */
export interface AskedAction {
  /** As the request says it. */
  readonly written: string
  readonly index: number
}

export type ActionMatch = (action: AskedAction) => boolean

const noContext = contextOf({})

/** Looks an action up once for all statements; one that is not in the table has the place -1. */
export function askFor(action: string): AskedAction {
  const known = findAction(action)
  return { written: action, index: known?.index ?? -1 }
}

/**
 * Works out once which known actions an Action or NotAction covers. NotAction covers the unknown ones of every service too;
 * those are matched by their text. Names have no case.
 */
export function compileAction(element: PatternElement): ActionMatch {
  const patterns = element.patterns.map((pattern) => pattern.toLowerCase())
  const matchers = patterns.map((pattern) =>
    compileTokens(tokenise(pattern, { hasVariables: false, hasWildcards: true })),
  )
  const covers = (name: string): boolean =>
    matchers.some((matches) => matches(name, noContext) === true) !== element.isNegated
  const marks = Uint8Array.from(knownActions, ({ name }) => (covers(name.toLowerCase()) ? 1 : 0))
  return ({ written, index }) => (index >= 0 ? marks[index] === 1 : covers(written.toLowerCase()))
}
