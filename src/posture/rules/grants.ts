// What a repository policy grants to whom, as the rules about access ask it.
import { askFor, compileAction } from '../../policy/action-match.ts'
import { knownActions } from '../../policy/actions.ts'
import type { PolicyDocument, PolicyKind, PrincipalForm, Statement } from '../../policy/document.ts'
import { parsePolicy } from '../../policy/parse-policy.ts'

/** Undefined for a text that cannot be wholly understood. */
export function readPolicy(text: string, kind: PolicyKind): PolicyDocument | undefined {
  const read = parsePolicy(text, kind, { isStored: true })
  return read.kind === 'valid' ? read.document : undefined
}

/** Other accounts that an Allow names, with the statement; without `own` nobody is known to be of another. */
export function foreignGrants(
  document: PolicyDocument,
  own: string,
): readonly { readonly account: string; readonly statement: Statement }[] {
  return document.statements.flatMap((statement) => {
    const { effect, principal } = statement
    if (effect !== 'Allow' || principal === undefined || principal.isNegated) return []
    const accounts = principal.members.flatMap(accountOf)
    return [...new Set(accounts)]
      .filter((account) => account !== own)
      .map((account) => ({ account, statement }))
  })
}

function accountOf(form: PrincipalForm): readonly string[] {
  if ('account' in form) return [form.account]
  if (form.kind !== 'oidc-provider') return []
  return [form.arn.split(':')[4] ?? '']
}

/** By name, of the actions that are known; a NotAction covers all but those it lists. */
export function coveredActions({ action }: Statement): readonly string[] {
  const covers = compileAction(action)
  return knownActions.filter(({ name }) => covers(askFor(name))).map(({ name }) => name)
}

/** Of those the ones that change images, tags of images or who may do what. */
export function changingActions(statement: Statement): readonly string[] {
  const covered = new Set(coveredActions(statement))
  return knownActions
    .filter(({ name, access, resource }) => {
      const changes = access === 'permissions' || access === 'write' || access === 'tagging'
      return name.startsWith('ecr:') && resource === 'repository' && changes && covered.has(name)
    })
    .map(({ name }) => name)
}

export function hasWildcardAction({ action }: Statement): boolean {
  return action.isNegated || action.patterns.some((pattern) => /^(?:\*|ecr:\*)$/i.test(pattern))
}

/** A word for a statement: its Sid, or where it stands. */
export function statementName({ sid, index }: Statement): string {
  return sid === undefined || sid === '' ? `statement ${index + 1}` : `statement ${sid}`
}
