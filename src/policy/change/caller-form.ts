import type { PrincipalForm } from '../document.ts'
import type { Requester } from '../requester.ts'

/** How a Principal element names the requester: a session by its role, root by its account. */
export function formOf(requester: Requester): PrincipalForm {
  switch (requester.kind) {
    case 'root':
      return { kind: 'account', account: requester.account }
    case 'user':
      return { kind: 'user', account: requester.account, arn: requester.arn }
    case 'assumed-role':
      return { kind: 'role', account: requester.account, arn: requester.roleArn }
    case 'federated-user':
      return {
        kind: 'federated-user',
        account: requester.account,
        arn: requester.sessionArn,
      }
    case 'web-identity':
      return { kind: 'oidc-provider', arn: requester.providerArn }
    case 'service':
      return { kind: 'service', name: requester.name }
    case 'anonymous':
      return { kind: 'everyone' }
  }
}

/** All that a NotPrincipal must list to spare the requester: each level of its chain. */
export function chainForms(requester: Requester): readonly PrincipalForm[] {
  if (!('account' in requester)) return [formOf(requester)]
  const { account } = requester
  const root: PrincipalForm = { kind: 'account', account }
  if (requester.kind === 'root') return [root]
  if (requester.kind === 'user') return [formOf(requester), root]
  if (requester.kind === 'federated-user') {
    return [formOf(requester), { kind: 'user', account, arn: requester.userArn }, root]
  }
  return [{ kind: 'session', account, arn: requester.sessionArn }, formOf(requester), root]
}
