import type { AccountId } from '../account-id.ts'
import { formatArn, parseArn } from '../arn.ts'

/** `path` begins and ends with a slash. */
export function managedPolicyArn(account: AccountId, path: string, name: string): string {
  return formatArn({ service: 'iam', region: '', account, resource: `policy${path}${name}` })
}

export interface ManagedPolicyName {
  readonly account: AccountId
  readonly path: string
  readonly name: string
}

/** What an ARN of an account's own policy names; undefined for any other text, one of AWS's policies included. */
export function parseManagedPolicyArn(text: string): ManagedPolicyName | undefined {
  const arn = parseArn(text)
  const match = /^policy(\/(?:[!-.0-~]+\/)*)([\w+=,.@-]{1,128})$/.exec(arn?.resource ?? '')
  const [, path, name] = match ?? []
  const { account } = arn ?? {}
  const isOfIam = arn?.service === 'iam' && arn.region === ''
  if (!isOfIam || account === undefined || path === undefined || name === undefined)
    return undefined
  return { account, path, name }
}
