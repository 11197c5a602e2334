import type { AccountId } from './account-id.ts'
import { formatArn, parseArn } from './arn.ts'

/** `issuer`: the provider's URL without its scheme. */
export function oidcProviderArn(account: AccountId, issuer: string): string {
  return formatArn({ service: 'iam', region: '', account, resource: `oidc-provider/${issuer}` })
}

/** Which provider an ARN names; undefined for any other text. */
export function parseOidcProviderArn(
  text: string,
): { readonly account: AccountId; readonly issuer: string } | undefined {
  const arn = parseArn(text)
  const issuer = /^oidc-provider\/(.+)$/.exec(arn?.resource ?? '')?.[1]
  const isOfIam = arn?.service === 'iam' && arn.region === ''
  if (!isOfIam || arn.account === undefined || issuer === undefined) return undefined
  return { account: arn.account, issuer }
}
