// Purpose:  write a statement in the form of a decoded authorization message.
// Spec:     STS API Reference, DecodeAuthorizationMessage: principals, actions, resources and conditions as lists of items.
// Input:    a statement of a policy, parsed already.
// Deviates: the Not-forms have members of their own (`notActions`), which AWS's document does not show.
// Unknowns: none.
import type { Statement } from '../../policy/document.ts'
import { principalText } from '../../policy/principal-match.ts'

interface Items {
  readonly items: readonly unknown[]
}

export function renderStatement(statement: Statement): Readonly<Record<string, Items>> {
  const { principal, action, resource, conditions } = statement
  const principals = itemsOf(principal?.members.map(principalText) ?? [])
  const [actions, resources] = [itemsOf(action.patterns), itemsOf(resource?.patterns ?? [])]
  return {
    ...(principal?.isNegated === true ? { notPrincipals: principals } : { principals }),
    ...(action.isNegated ? { notActions: actions } : { actions }),
    ...(resource?.isNegated === true ? { notResources: resources } : { resources }),
    conditions: {
      items: conditions.map(({ operator, key, values }) => ({
        operator,
        key,
        values: itemsOf(values),
      })),
    },
  }
}

function itemsOf(values: readonly string[]): Items {
  return { items: values.map((value) => ({ value })) }
}
