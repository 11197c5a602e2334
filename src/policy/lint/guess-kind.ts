import type { PolicyKind } from '../document.ts'
import { readElements } from '../reading/read-elements.ts'
import { readStrictJson } from '../strict-json.ts'

/**
 * What a document looks like: without principals one of an identity, with operations of STS a trust policy, else one of a
 * repository. It is a guess, for who did not say; a text that is no JSON is taken for an identity's.
 */
export function guessKind(text: string): Extract<PolicyKind, 'identity' | 'trust' | 'repository'> {
  const read = readStrictJson(text)
  if (read.kind === 'unreadable') return 'identity'
  const { statements } = readElements(read.root, () => undefined)
  if (!statements.some(({ principal }) => principal !== undefined)) return 'identity'
  const actions = statements.flatMap(({ action }) => action.patterns)
  return actions.some(({ value }) => /^sts:/i.test(value)) ? 'trust' : 'repository'
}
