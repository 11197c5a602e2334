// Purpose:  make and read Amazon Resource Names.
// Spec:     AWS General Reference, "Amazon Resource Names"; Service Authorization Reference for ECR.
// Input:    parts that are parsed already, or ARN text from an API member; text may be hostile.
// Deviates: nothing.
// Unknowns: text with fewer than six parts or another partition → undefined.
import { parseAccountId, type AccountId } from './account-id.ts'

declare const brand: unique symbol
export type Arn = string & { readonly [brand]: 'Arn' }

export interface ArnParts {
  readonly service: string
  readonly region: string
  readonly account: AccountId | undefined
  /** What follows the fifth colon: `repository/team/app`. */
  readonly resource: string
}

export function formatArn(parts: ArnParts): Arn {
  return `arn:aws:${parts.service}:${parts.region}:${parts.account ?? ''}:${parts.resource}` as Arn
}

export function parseArn(text: string): ArnParts | undefined {
  const match = /^arn:aws:([a-z0-9-]+):([a-z0-9-]*):([0-9]{12})?:(.{1,1024})$/.exec(text)
  if (match === null) return undefined
  const [, service = '', region = '', account, resource = ''] = match
  return {
    service,
    region,
    account: account === undefined ? undefined : parseAccountId(account),
    resource,
  }
}

export function repositoryArn(region: string, account: AccountId, name: string): Arn {
  return formatArn({ service: 'ecr', region, account, resource: `repository/${name}` })
}

/** `path` begins and ends with a slash. */
export function userArn(account: AccountId, name: string, path = '/'): Arn {
  return iamArn(account, `user${path}${name}`)
}

export function groupArn(account: AccountId, name: string, path = '/'): Arn {
  return iamArn(account, `group${path}${name}`)
}

export function roleArn(account: AccountId, name: string, path = '/'): Arn {
  return iamArn(account, `role${path}${name}`)
}

export function rootArn(account: AccountId): Arn {
  return iamArn(account, 'root')
}

function iamArn(account: AccountId, resource: string): Arn {
  return formatArn({ service: 'iam', region: '', account, resource })
}
